//! The same values with less work: what was exported operation by operation becomes one operation.

use std::collections::{HashMap, HashSet};

use super::Network;
use super::format::Node;

impl Network {
    /// Writes activations that stand in four operations in two, and works factors and sums that
    /// follow a convolution into its weights. What comes out differs by rounding alone.
    pub(in crate::engine) fn simplify(&mut self) {
        self.shorten_activations();
        self.fold_into_convolutions();
        self.fold_into_following_convolutions();
        self.shorten_gates();
        self.shorten_enlargements();
    }

    /// A convolution's factors and sums, one for all channels or one a channel, become part of its
    /// weights and bias.
    fn fold_into_convolutions(&mut self) {
        let users = self.users();
        let convolutions = (0..self.nodes.len()).filter(|at| self.nodes[*at].operator == "Conv");
        let found: Vec<Folded> = convolutions.filter_map(|at| self.folded(&users, at)).collect();
        let mut dead = HashSet::new();
        for Folded { convolution, weights, shape, bias, nodes, output } in found {
            let channels = bias.len() as i64;
            let weights = self.add_floats(format!("{output}/weights"), &weights, shape);
            let bias = self.add_floats(format!("{output}/bias"), &bias, vec![channels]);
            let node = &mut self.nodes[convolution];
            node.inputs.truncate(1);
            node.inputs.extend([weights, bias]);
            node.outputs = vec![output];
            dead.extend(nodes);
        }
        self.retain_nodes(&dead);
    }

    /// A convolution with the factors and sums that follow it; `None` where there are none.
    fn folded(&self, users: &HashMap<&str, Vec<usize>>, convolution: usize) -> Option<Folded> {
        let [_, weights, ..] = &self.nodes[convolution].inputs[..] else { return None };
        let (mut weights, shape) = self.floats(weights)?;
        let channels = usize::try_from(*shape.first()?).ok()?;
        if channels == 0 || weights.is_empty() {
            return None;
        }
        let mut bias = self.bias(&self.nodes[convolution], channels)?;
        let mut nodes = Vec::new();
        let mut last = convolution;
        while let Some(next) = self.only_user(users, &self.nodes[last]) {
            // A file may say that a node takes what it gives itself.
            if nodes.contains(&next) {
                break;
            }
            let Some(values) = self.per_channel(&self.nodes[next], channels) else { break };
            match self.nodes[next].operator.as_str() {
                "Add" => bias.iter_mut().zip(&values).for_each(|(b, v)| *b += v),
                "Mul" => {
                    bias.iter_mut().zip(&values).for_each(|(b, v)| *b *= v);
                    let own = weights.len() / channels;
                    for (row, v) in weights.chunks_exact_mut(own).zip(&values) {
                        row.iter_mut().for_each(|w| *w *= v);
                    }
                }
                _ => break,
            }
            nodes.push(next);
            last = next;
        }
        let output = self.nodes[*nodes.last()?].outputs.first()?.clone();
        Some(Folded { convolution, weights, shape: shape.to_vec(), bias, nodes, output })
    }

    /// The constant of a sum or product, one value a channel of a value of (1, channels, height,
    /// width); `None` where both operands are computed, or the constant has another shape.
    pub(super) fn per_channel(&self, node: &Node, channels: usize) -> Option<Vec<f32>> {
        let [a, b] = &node.inputs[..] else { return None };
        let (values, shape) = self.floats(a).or_else(|| self.floats(b))?;
        match (values.len(), shape) {
            (1, _) if shape.len() <= 4 => Some(vec![values[0]; channels]),
            (n, [1, _, 1, 1] | [_, 1, 1]) if n == channels => Some(values),
            _ => None,
        }
    }

    pub(super) fn scalar(&self, name: &str) -> Option<f32> {
        match self.floats(name)?.0[..] {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// A convolution that takes over what the nodes behind it do.
struct Folded {
    convolution: usize,
    weights: Vec<f32>,
    shape: Vec<i64>,
    bias: Vec<f32>,
    /// The nodes behind it.
    nodes: Vec<usize>,
    /// What the last of them gave.
    output: String,
}
