//! Activations that were exported operation by operation, under their own names.

use std::collections::HashSet;
use std::f32::consts::SQRT_2;

use super::Network;
use super::format::{Attribute, Node};

impl Network {
    /// Writes hard swish in two operations instead of four, and Gaussian error units in one.
    pub(super) fn shorten_activations(&mut self) {
        self.shorten_hard_swish();
        self.name_gaussian_error_units();
    }

    /// `x * clip(x + 3, 0, 6) / 6` becomes `x * hard_sigmoid(x)`.
    fn shorten_hard_swish(&mut self) {
        let users = self.users();
        let only_user = |node: &Node| self.only_user(&users, node);
        let mut found = Vec::new();
        for (at, sum) in self.nodes.iter().enumerate().filter(|(_, n)| n.operator == "Add") {
            let Some(x) = self.other_than_constant(sum, 3.0) else { continue };
            let Some(clip) = only_user(sum).filter(|clip| self.is_clip(*clip, 0.0, 6.0)) else { continue };
            let Some(product) = only_user(&self.nodes[clip]) else { continue };
            let Some(quotient) = only_user(&self.nodes[product]) else { continue };
            let takes_x = self.nodes[product].operator == "Mul" && self.nodes[product].inputs.contains(x);
            if takes_x && self.is_divided_by(&self.nodes[quotient], 6.0) {
                found.push((at, clip, product, quotient, x.clone()));
            }
        }
        let mut dead = HashSet::new();
        for (sum, clip, product, quotient, x) in found {
            let sigmoid = Node::new("HardSigmoid", vec![x], self.nodes[clip].outputs[0].clone())
                .with(Attribute::float("alpha", 1.0 / 6.0))
                .with(Attribute::float("beta", 0.5));
            self.nodes[clip] = sigmoid;
            self.nodes[product].outputs = std::mem::take(&mut self.nodes[quotient].outputs);
            dead.extend([sum, quotient]);
        }
        self.retain_nodes(&dead);
    }

    /// `x * (erf(x / √2) + 1) * 0.5` becomes an operation of the engine's own.
    fn name_gaussian_error_units(&mut self) {
        let users = self.users();
        let only_user = |node: &Node| self.only_user(&users, node);
        let mut found = Vec::new();
        for (at, quotient) in self.nodes.iter().enumerate().filter(|(_, n)| self.is_divided_by(n, SQRT_2)) {
            let x = &quotient.inputs[0];
            let Some(erf) = only_user(quotient).filter(|at| self.nodes[*at].operator == "Erf") else {
                continue;
            };
            let Some(sum) = only_user(&self.nodes[erf]) else { continue };
            let is_sum =
                |node: &Node| node.operator == "Add" && self.other_than_constant(node, 1.0).is_some();
            let Some(product) = only_user(&self.nodes[sum]).filter(|_| is_sum(&self.nodes[sum])) else {
                continue;
            };
            let takes_x = self.nodes[product].operator == "Mul" && self.nodes[product].inputs.contains(x);
            let Some(half) = only_user(&self.nodes[product]).filter(|_| takes_x) else { continue };
            let last = &self.nodes[half];
            if last.operator == "Mul"
                && last.outputs.len() == 1
                && self.other_than_constant(last, 0.5).is_some()
            {
                found.push((at, [erf, sum, product], half, x.clone()));
            }
        }
        let mut dead = HashSet::new();
        for (quotient, between, half, x) in found {
            let output = self.nodes[half].outputs[0].clone();
            self.nodes[half] = self.runtime_node("Gelu", vec![x], output);
            dead.insert(quotient);
            dead.extend(between);
        }
        self.retain_nodes(&dead);
    }

    /// The operand of a sum or product whose other one is the given constant.
    fn other_than_constant<'n>(&self, node: &'n Node, constant: f32) -> Option<&'n String> {
        match &node.inputs[..] {
            [x, c] | [c, x] if self.scalar(c) == Some(constant) => Some(x),
            _ => None,
        }
    }

    fn is_divided_by(&self, node: &Node, divisor: f32) -> bool {
        node.operator == "Div" && matches!(&node.inputs[..], [_, d] if self.scalar(d) == Some(divisor))
    }

    fn is_clip(&self, node: usize, least: f32, most: f32) -> bool {
        let node = &self.nodes[node];
        node.operator == "Clip"
            && matches!(&node.inputs[..], [_, a, b] if self.scalar(a) == Some(least) && self.scalar(b) == Some(most))
    }
}
