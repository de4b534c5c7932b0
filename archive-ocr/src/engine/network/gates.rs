//! Gates: factors for each channel that follow from a mean over all pixels (squeeze and excitation).

use std::collections::{HashMap, HashSet};

use super::Network;
use super::format::{Attribute, Node};

impl Network {
    /// Means over all pixels become the operation of that name, which engines know best; `x + x * gate`
    /// becomes `x * (gate + 1)`; and where `x` is made by a convolution of one pixel out of far fewer
    /// channels, its weights are multiplied instead of `x`.
    ///
    /// The last holds for one image at a time, which is how an engine runs models.
    pub(super) fn shorten_gates(&mut self) {
        self.name_means();
        self.join_gates();
        self.move_gates_into_weights();
    }

    fn name_means(&mut self) {
        let found: Vec<usize> = (0..self.nodes.len()).filter(|at| self.is_mean_of_pixels(*at)).collect();
        for at in found {
            self.nodes[at].operator = "GlobalAveragePool".to_owned();
            self.nodes[at].attributes.clear();
        }
    }

    /// Whether a node takes the mean over height and width of what a convolution of images makes.
    fn is_mean_of_pixels(&self, at: usize) -> bool {
        let node = &self.nodes[at];
        let [input] = &node.inputs[..] else { return false };
        let is_image = |n: &Node| {
            let weights = n.inputs.get(1).and_then(|weights| self.floats(weights));
            n.operator == "Conv" && weights.is_some_and(|(_, shape)| shape.len() == 4)
        };
        node.operator == "ReduceMean"
            && node.ints("axes") == [2, 3]
            && node.attribute("keepdims").is_none_or(|k| k.int == 1)
            && self.maker(input).is_some_and(|maker| is_image(&self.nodes[maker]))
    }

    fn join_gates(&mut self) {
        let users = self.users();
        let found: Vec<(usize, usize, String)> = (0..self.nodes.len())
            .filter(|at| self.nodes[*at].operator == "Mul")
            .filter_map(|product| {
                let (x, gate) = self.gated(product)?;
                let sum = self.only_user(&users, &self.nodes[product])?;
                let node = &self.nodes[sum];
                let is_sum = node.operator == "Add" && node.inputs.len() == 2 && node.outputs.len() == 1;
                (is_sum && node.inputs.contains(x)).then(|| (product, sum, gate.clone()))
            })
            .collect();
        for (product, sum, gate) in found {
            let output = std::mem::take(&mut self.nodes[sum].outputs[0]);
            let one = self.add_floats(format!("{output}/one"), &[1.0], vec![1]);
            let more = format!("{output}/gate");
            let x = self.nodes[product].inputs.iter().find(|i| **i != gate).cloned().unwrap_or_default();
            self.nodes[product] = Node::new("Add", vec![gate, one], more.clone());
            self.nodes[sum] = Node::new("Mul", vec![x, more], output);
        }
    }

    /// The operands of a product with a gate: what goes through it, and the gate.
    fn gated(&self, product: usize) -> Option<(&String, &String)> {
        let node = &self.nodes[product];
        let [a, b] = &node.inputs[..] else { return None };
        if node.operator != "Mul" || a == b {
            return None;
        }
        match (self.is_pooled(a), self.is_pooled(b)) {
            (false, true) => Some((a, b)),
            (true, false) => Some((b, a)),
            _ => None,
        }
    }

    fn move_gates_into_weights(&mut self) {
        let users = self.users();
        let found: Vec<Gate> = (0..self.nodes.len()).filter_map(|at| self.gate(&users, at)).collect();
        let mut before: HashMap<usize, Vec<Node>> = HashMap::new();
        let mut dead = HashSet::new();
        for Gate { convolution, mean, product, gate } in found {
            dead.insert(convolution);
            let Node { inputs, attributes, .. } = self.nodes[convolution].clone();
            let [input, weights] = &inputs[..] else { continue };
            let convolve =
                |inputs, output| Node { attributes: attributes.clone(), ..Node::new("Conv", inputs, output) };
            // The mean of what a convolution of one pixel makes is what it makes of the mean.
            let pooled = std::mem::take(&mut self.nodes[mean].outputs[0]);
            let small = format!("{pooled}/mean");
            before.insert(mean, vec![Node::new("GlobalAveragePool", vec![input.clone()], small.clone())]);
            self.nodes[mean] = convolve(vec![small, weights.clone()], pooled);
            let output = std::mem::take(&mut self.nodes[product].outputs[0]);
            let turned = format!("{output}/turned gate");
            let gated = format!("{output}/gated weights");
            let turn = Node::new("Transpose", vec![gate], turned.clone());
            let turn = turn.with(Attribute::ints("perm", &[1, 0, 2, 3]));
            let multiply = Node::new("Mul", vec![weights.clone(), turned], gated.clone());
            before.insert(product, vec![turn, multiply]);
            self.nodes[product] = convolve(vec![input.clone(), gated], output);
        }
        self.replace_nodes(before, &dead);
    }

    /// A product of what a convolution of one pixel makes of far fewer channels, and a gate that
    /// follows from its mean.
    fn gate(&self, users: &HashMap<&str, Vec<usize>>, product: usize) -> Option<Gate> {
        let (x, gate) = self.gated(product)?;
        let convolution = self.maker(x)?;
        let node = &self.nodes[convolution];
        let [input, weights] = &node.inputs[..] else { return None };
        let (_, shape) = self.floats(weights)?;
        let [outputs, inputs, 1, 1] = *shape else { return None };
        let mean = match users.get(x.as_str())?.as_slice() {
            [a, b] if *a == product => *b,
            [a, b] if *b == product => *a,
            _ => return None,
        };
        let is_whole = node.operator == "Conv" && node.is_of_each_pixel() && !self.outputs.contains(x);
        let is_far_fewer = inputs.checked_mul(2).is_some_and(|twice| twice <= outputs);
        let made = |at: usize| self.nodes[at].outputs.len();
        let is_mean =
            self.nodes[mean].operator == "GlobalAveragePool" && made(mean) == 1 && made(product) == 1;
        // What is pooled already has no gate worth moving.
        let found = is_whole && is_far_fewer && is_mean && !self.is_pooled(input);
        found.then(|| Gate { convolution, mean, product, gate: gate.clone() })
    }
}

/// The places of a convolution, of the mean of what it makes, and of its product with the gate.
struct Gate {
    convolution: usize,
    mean: usize,
    product: usize,
    gate: String,
}
