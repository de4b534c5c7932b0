//! The order of an image's values: between layers that want the channels last, what lies there keeps
//! them last.

use std::collections::{HashMap, HashSet};

use super::Network;
use super::format::{Attribute, Node};

/// The order of dimensions that puts the channels last, and the one that puts them back.
pub(super) const LAST: [i64; 4] = [0, 2, 3, 1];
pub(super) const BACK: [i64; 4] = [0, 3, 1, 2];

/// Operations on each value by itself, of one operand and of two.
const OF_EACH_VALUE: [&str; 7] = ["Relu", "Sigmoid", "HardSigmoid", "Gelu", "Erf", "Add", "Mul"];

/// Operations that give an image: four dimensions, the second of them the channels.
const OF_IMAGES: [&str; 4] = ["Conv", "GlobalAveragePool", "AveragePool", "MaxPool"];

impl Network {
    /// Works sums, products and activations on values with the channels last where one of their
    /// operands has them so, or a layer wants their result so.
    pub(super) fn keep_channels_last(&mut self) {
        let wanted: HashSet<String> =
            self.nodes.iter().filter(|n| n.is_turn(&LAST)).flat_map(|n| n.inputs.clone()).collect();
        let mut images: HashSet<String> = HashSet::new();
        // The twin of a value that has the channels last.
        let mut twins: HashMap<String, String> = HashMap::new();
        // Values that were made with the channels last.
        let mut made_last: HashSet<String> = HashSet::new();
        let mut same: HashMap<String, String> = HashMap::new();
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for mut node in std::mem::take(&mut self.nodes) {
            for input in &mut node.inputs {
                if let Some(other) = same.get(input) {
                    input.clone_from(other);
                }
            }
            let [output] = &node.outputs[..] else {
                nodes.push(node);
                continue;
            };
            let output = output.clone();
            if node.is_turn(&LAST) {
                if let Some(twin) = twins.get(&node.inputs[0]) {
                    same.insert(output, twin.clone());
                    continue;
                }
                twins.insert(node.inputs[0].clone(), output);
                nodes.push(node);
                continue;
            }
            if node.is_turn(&BACK) {
                twins.insert(output.clone(), node.inputs[0].clone());
                made_last.insert(output.clone());
                images.insert(output);
                nodes.push(node);
                continue;
            }
            let is_image = |name: &String| images.contains(name);
            let is_of_each_value = OF_EACH_VALUE.contains(&node.operator.as_str())
                && node.inputs.iter().any(is_image)
                && node.inputs.iter().all(|i| is_image(i) || self.scalar(i).is_some());
            if OF_IMAGES.contains(&node.operator.as_str()) || is_of_each_value {
                images.insert(output.clone());
            }
            let is_last = node.inputs.iter().any(|i| made_last.contains(i)) || wanted.contains(&output);
            if !is_of_each_value || !is_last || self.outputs.contains(&output) {
                nodes.push(node);
                continue;
            }
            for input in node.inputs.iter_mut().filter(|i| images.contains(*i)) {
                let twin = twins.entry(input.clone()).or_insert_with(|| {
                    let twin = format!("{input}/last");
                    nodes.push(Node::turn(input.clone(), twin.clone(), &LAST));
                    twin
                });
                input.clone_from(twin);
            }
            let twin = format!("{output}/last");
            node.outputs = vec![twin.clone()];
            nodes.push(node);
            nodes.push(Node::turn(twin.clone(), output.clone(), &BACK));
            twins.insert(output.clone(), twin);
            made_last.insert(output);
        }
        self.nodes = nodes;
        self.drop_unused_turns();
    }

    fn drop_unused_turns(&mut self) {
        let users = self.users();
        let is_used = |o: &String| users.contains_key(o.as_str()) || self.outputs.contains(o);
        let is_turn = |n: &Node| n.is_turn(&LAST) || n.is_turn(&BACK);
        let dead = self.nodes.iter().enumerate();
        let dead: HashSet<usize> =
            dead.filter(|(_, n)| is_turn(n) && !n.outputs.iter().any(is_used)).map(|(at, _)| at).collect();
        self.retain_nodes(&dead);
    }
}

impl Node {
    /// A change of the order of an image's dimensions.
    pub(super) fn turn(input: String, output: String, order: &[i64; 4]) -> Self {
        Self::new("Transpose", vec![input], output).with(Attribute::ints("perm", order))
    }

    fn is_turn(&self, order: &[i64; 4]) -> bool {
        self.operator == "Transpose" && self.inputs.len() == 1 && self.ints("perm") == order
    }
}
