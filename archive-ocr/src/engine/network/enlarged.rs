//! Convolutions that enlarge (transposed ones), worked before their pixels are spread.

use std::collections::{HashMap, HashSet};

use super::Network;
use super::format::{Attribute, Node};

/// Weights beyond this many, most of them zero, cost more than they save.
const WEIGHT_LIMIT: usize = 16_384;

impl Network {
    /// A convolution that makes a square of pixels of each pixel, without overlap, becomes one of one
    /// pixel whose channels are spread over the square; what follows it is worked before that, so that
    /// pixels are spread once, at the end. Factors and sums that follow become part of the weights.
    pub(super) fn shorten_enlargements(&mut self) {
        let users = self.users();
        let mut chains: Vec<Chain> = Vec::new();
        for at in 0..self.nodes.len() {
            if chains.iter().all(|chain| !chain.nodes.contains(&at)) {
                chains.extend(self.chain(&users, at));
            }
        }
        let mut before = HashMap::new();
        let mut dead = HashSet::new();
        for chain in chains {
            dead.extend(chain.nodes.iter().copied());
            before.insert(chain.nodes[0], self.spread_last(chain));
        }
        self.replace_nodes(before, &dead);
    }

    /// The enlargement at a node, and all that follows it and can be worked before pixels are spread.
    fn chain(&self, users: &HashMap<&str, Vec<usize>>, first: usize) -> Option<Chain> {
        let mut steps = vec![self.enlargement(first)?];
        let mut nodes = vec![first];
        let mut side = steps[0].side;
        while let Some(next) = self.only_user(users, &self.nodes[nodes[nodes.len() - 1]])
            && !nodes.contains(&next)
        {
            let node = &self.nodes[next];
            let step = steps.last_mut()?;
            if step.activations.is_empty()
                && let Some((factors, sums)) = self.affine_of(node, step.channels)
            {
                step.scale(&factors, &sums);
            } else if matches!(node.operator.as_str(), "Relu" | "Sigmoid") {
                step.activations.push(node.clone());
            } else if let Some(further) = self.enlargement(next)
                && further.inputs == step.channels
                && further.spread_size(side).is_some_and(|size| size <= WEIGHT_LIMIT)
            {
                side *= further.side;
                steps.push(further);
            } else {
                break;
            }
            nodes.push(next);
        }
        let input = self.nodes[first].inputs.first()?.clone();
        let output = self.nodes[*nodes.last()?].outputs.first()?.clone();
        Some(Chain { nodes, input, output, steps })
    }

    /// A transposed convolution whose squares touch and do not overlap.
    fn enlargement(&self, at: usize) -> Option<Enlargement> {
        let node = &self.nodes[at];
        let [input, weights, ..] = &node.inputs[..] else { return None };
        let (weights, shape) = self.floats(weights)?;
        let [inputs, channels, height, width] = *shape else { return None };
        let is_zero = |name: &str| node.ints(name).iter().all(|v| *v == 0);
        let is_plain = node.operator == "ConvTranspose"
            && node.outputs.len() == 1
            && self.floats(input).is_none()
            && height == width
            && node.ints("strides") == [height, width]
            && node.groups() == Some(1)
            && node.ints("dilations").iter().all(|d| *d == 1)
            && is_zero("pads")
            && is_zero("output_padding")
            && node.ints("output_shape").is_empty()
            && node.pads_as_told();
        let size = |length: i64| usize::try_from(length).ok().filter(|length| *length > 0);
        let (inputs, channels, side) = (size(inputs)?, size(channels)?, size(height)?);
        let bias = self.bias(node, channels)?;
        let found = Enlargement { inputs, channels, side, weights, bias, activations: Vec::new() };
        (is_plain && found.spread_size(1)? <= WEIGHT_LIMIT).then_some(found)
    }

    /// The factors and sums of a node that applies one of each to a channel.
    fn affine_of(&self, node: &Node, channels: usize) -> Option<(Vec<f32>, Vec<f32>)> {
        match node.operator.as_str() {
            "Add" => Some((vec![1.0; channels], self.per_channel(node, channels)?)),
            "Mul" => Some((self.per_channel(node, channels)?, vec![0.0; channels])),
            "BatchNormalization" => {
                let [_, constants @ ..] = &node.inputs[..] else { return None };
                let constants: Vec<Vec<f32>> =
                    constants.iter().filter_map(|name| Some(self.floats(name)?.0)).collect();
                let [factors, sums, means, variances] = &constants[..] else { return None };
                if constants.iter().any(|values| values.len() != channels) || node.outputs.len() != 1 {
                    return None;
                }
                let least = node.attribute("epsilon").map_or(1e-5, |a| a.float);
                let factors: Vec<f32> =
                    factors.iter().zip(variances).map(|(f, v)| f / (v + least).sqrt()).collect();
                let shifted = sums.iter().zip(means).zip(&factors).map(|((s, m), f)| s - m * f).collect();
                Some((factors, shifted))
            }
            _ => None,
        }
    }

    /// The nodes of a chain: its convolutions, each with what follows it, and one spreading of pixels.
    fn spread_last(&mut self, chain: Chain) -> Vec<Node> {
        let Chain { input, output, steps, .. } = chain;
        let mut nodes: Vec<Node> = Vec::new();
        let mut side = 1;
        let mut value = input;
        for (at, step) in steps.into_iter().enumerate() {
            let (weights, bias) = step.spread(side);
            let (rows, columns) = (bias.len() as i64, (side * side * step.inputs) as i64);
            side *= step.side;
            let next = format!("{output}/channels {at}");
            let weights = self.add_floats(format!("{next}/weights"), &weights, vec![rows, columns, 1, 1]);
            let bias = self.add_floats(format!("{next}/bias"), &bias, vec![rows]);
            nodes.push(Node::new("Conv", vec![value, weights, bias], next.clone()));
            value = next;
            for (turn, activation) in step.activations.into_iter().enumerate() {
                let next = format!("{value}/{turn}");
                nodes.push(Node { inputs: vec![value], outputs: vec![next.clone()], ..activation });
                value = next;
            }
        }
        let spread = Node::new("DepthToSpace", vec![value], output);
        nodes.push(spread.with(Attribute::int("blocksize", side as i64)));
        nodes
    }
}

/// Enlargements that follow each other.
struct Chain {
    /// Where their nodes stand, in their order.
    nodes: Vec<usize>,
    input: String,
    output: String,
    steps: Vec<Enlargement>,
}

/// A convolution that makes a square of pixels of each pixel.
struct Enlargement {
    inputs: usize,
    channels: usize,
    /// The square's.
    side: usize,
    /// Input by input, channel by channel, row by row of the square.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// What follows, on each value by itself.
    activations: Vec<Node>,
}

impl Enlargement {
    /// How many weights [`Enlargement::spread`] makes.
    fn spread_size(&self, side: usize) -> Option<usize> {
        let squares = side.checked_pow(4)?.checked_mul(self.side.checked_pow(2)?)?;
        squares.checked_mul(self.inputs.checked_mul(self.channels)?)
    }

    fn scale(&mut self, factors: &[f32], sums: &[f32]) {
        let square = self.side * self.side;
        for (at, weights) in self.weights.chunks_exact_mut(square).enumerate() {
            weights.iter_mut().for_each(|w| *w *= factors[at % self.channels]);
        }
        for (bias, (factor, sum)) in self.bias.iter_mut().zip(factors.iter().zip(sums)) {
            *bias = *bias * factor + sum;
        }
    }

    /// Weights and bias of the same for pixels that wait in the channels to be spread over squares of
    /// `before`: its outputs are those of all pixels of the larger square, row by row.
    fn spread(&self, before: usize) -> (Vec<f32>, Vec<f32>) {
        let Self { inputs, channels, side, ref weights, ref bias, .. } = *self;
        let whole = before * side;
        let columns = before * before * inputs;
        let mut spread = vec![0.0; whole * whole * channels * columns];
        for (at, row) in spread.chunks_exact_mut(columns).enumerate() {
            let (channel, pixel) = (at % channels, at / channels);
            let (y, x) = (pixel / whole, pixel % whole);
            let within = y % side * side + x % side;
            let first = (y / side * before + x / side) * inputs;
            for input in 0..inputs {
                row[first + input] = weights[(input * channels + channel) * side * side + within];
            }
        }
        (spread, bias.repeat(whole * whole))
    }
}
