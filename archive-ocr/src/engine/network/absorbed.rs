//! Factors and sums on their way into convolutions, which take them over.

use std::collections::{HashMap, HashSet};

use super::Network;
use super::format::{Attribute, Node};

impl Network {
    /// Factors and sums, one for all channels or one a channel, become part of the convolutions that
    /// take their result. A convolution that pads would need the sum at the edge, too: for those both
    /// become one operation, which engines work as they work convolutions.
    pub(super) fn fold_into_following_convolutions(&mut self) {
        let users = self.users();
        let found: Vec<Affine> = (0..self.nodes.len()).filter_map(|at| self.affine(&users, at)).collect();
        let mut dead = HashSet::new();
        for Affine { input, output, factors, sums, nodes, plain, padded } in found {
            for convolution in plain {
                self.absorb(convolution, &factors, &sums);
                self.nodes[convolution].inputs[0].clone_from(&input);
            }
            let Some((last, rest)) = nodes.split_last() else { continue };
            dead.extend(rest);
            if padded {
                let node = self.normalisation(input, output, &factors, &sums);
                self.nodes[*last] = node;
            } else {
                dead.insert(*last);
            }
        }
        self.retain_nodes(&dead);
    }

    /// The factors and sums that end with a node whose result only convolutions take.
    fn affine(&self, users: &HashMap<&str, Vec<usize>>, last: usize) -> Option<Affine> {
        let node = &self.nodes[last];
        let output = node.outputs.first()?;
        if self.outputs.contains(output) || !matches!(node.operator.as_str(), "Add" | "Mul") {
            return None;
        }
        let takers = users.get(output.as_str())?;
        let channels = self.channels_taken(*takers.first()?, output)?;
        if takers.iter().any(|taker| self.channels_taken(*taker, output) != Some(channels)) {
            return None;
        }
        let mut nodes = vec![last];
        let mut input = self.variable_operand(node, channels)?;
        // What stands before may be one more of them. A file may have them in a circle.
        while let Some(before) = self.maker(input)
            && !nodes.contains(&before)
            && self.only_user(users, &self.nodes[before]).is_some()
            && let Some(other) = self.variable_operand(&self.nodes[before], channels)
        {
            nodes.push(before);
            input = other;
        }
        nodes.reverse();
        let (mut factors, mut sums) = (vec![1.0; channels], vec![0.0; channels]);
        for at in &nodes {
            let values = self.per_channel(&self.nodes[*at], channels)?;
            if self.nodes[*at].operator == "Add" {
                sums.iter_mut().zip(&values).for_each(|(s, v)| *s += v);
            } else {
                sums.iter_mut().zip(&values).for_each(|(s, v)| *s *= v);
                factors.iter_mut().zip(&values).for_each(|(f, v)| *f *= v);
            }
        }
        let (padded, plain): (Vec<usize>, Vec<usize>) =
            takers.iter().partition(|taker| self.nodes[**taker].ints("pads").iter().any(|pad| *pad != 0));
        // One operation is not worth another one in its place.
        if plain.is_empty() && nodes.len() < 2 {
            return None;
        }
        let padded = !padded.is_empty();
        Some(Affine { input: input.clone(), output: output.clone(), factors, sums, nodes, plain, padded })
    }

    /// The number of channels of what a convolution takes; `None` where the node is another one, or
    /// takes the value otherwise.
    fn channels_taken(&self, taker: usize, value: &str) -> Option<usize> {
        let node = &self.nodes[taker];
        let [input, weights, ..] = &node.inputs[..] else { return None };
        if node.operator != "Conv"
            || node.outputs.len() != 1
            || input != value
            || weights == value
            || !node.pads_as_told()
        {
            return None;
        }
        let (_, shape) = self.floats(weights)?;
        let [outputs, inner, ..] = *shape else { return None };
        let (outputs, inner) = (usize::try_from(outputs).ok()?, usize::try_from(inner).ok()?);
        let groups = node.groups()?;
        let is_whole = outputs > 0 && inner > 0 && outputs.is_multiple_of(groups);
        (is_whole && self.bias(node, outputs).is_some()).then(|| inner.checked_mul(groups)).flatten()
    }

    /// The operand of a factor or sum that is not its constant.
    fn variable_operand<'n>(&self, node: &'n Node, channels: usize) -> Option<&'n String> {
        if !matches!(node.operator.as_str(), "Add" | "Mul") || node.outputs.len() != 1 {
            return None;
        }
        self.per_channel(node, channels)?;
        node.inputs.iter().find(|input| self.floats(input).is_none())
    }

    /// Makes a convolution take `x` where it took `factors * x + sums`.
    fn absorb(&mut self, convolution: usize, factors: &[f32], sums: &[f32]) {
        let node = &self.nodes[convolution];
        let (Some((mut weights, shape)), Some(groups)) = (self.floats(&node.inputs[1]), node.groups()) else {
            return;
        };
        let shape = shape.to_vec();
        let outputs = shape[0] as usize;
        let inner = factors.len() / groups;
        let Some(mut bias) = self.bias(node, outputs) else { return };
        let kernel = weights.len() / (outputs * inner);
        for ((at, row), bias) in weights.chunks_exact_mut(inner * kernel).enumerate().zip(&mut bias) {
            let first = at / (outputs / groups) * inner;
            let mut sum = f64::from(*bias);
            for (channel, taps) in (first..).zip(row.chunks_exact_mut(kernel)) {
                for tap in taps {
                    sum += f64::from(*tap) * f64::from(sums[channel]);
                    *tap *= factors[channel];
                }
            }
            *bias = sum as f32;
        }
        let output = node.outputs[0].clone();
        let weights = self.add_floats(format!("{output}/weights of its input"), &weights, shape);
        let bias = self.add_floats(format!("{output}/bias of its input"), &bias, vec![outputs as i64]);
        let inputs = &mut self.nodes[convolution].inputs;
        inputs.truncate(1);
        inputs.extend([weights, bias]);
    }

    /// `factors * x + sums` as one operation.
    fn normalisation(&mut self, input: String, output: String, factors: &[f32], sums: &[f32]) -> Node {
        let channels = factors.len();
        let mut constant = |name: &str, values: &[f32]| {
            self.add_floats(format!("{output}/{name}"), values, vec![channels as i64])
        };
        let factors = constant("factors", factors);
        let sums = constant("sums", sums);
        let mean = constant("mean", &vec![0.0; channels]);
        let variance = constant("variance", &vec![1.0; channels]);
        Node::new("BatchNormalization", vec![input, factors, sums, mean, variance], output)
            .with(Attribute::float("epsilon", 0.0))
    }
}

/// `factors * input + sums`, one of each a channel.
struct Affine {
    input: String,
    output: String,
    factors: Vec<f32>,
    sums: Vec<f32>,
    /// The nodes that make it, in their order.
    nodes: Vec<usize>,
    /// Convolutions without padding that take it.
    plain: Vec<usize>,
    /// Whether convolutions with padding take it, too.
    padded: bool,
}
