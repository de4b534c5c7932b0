//! Weights in eight bits, and with them the arithmetic of most of a network's work.

use std::collections::{HashMap, HashSet};

use super::Network;
use super::channels_last::{BACK, LAST};
use super::format::{ELEMENT_INT8, Node};

/// A layer with fewer weights gains less than the conversion costs.
const WORTHWHILE: usize = 10_000;

impl Network {
    /// Makes convolutions of one pixel, and matrix products, of `WORTHWHILE` weights or more work in
    /// eight bits, and returns how many it made so.
    ///
    /// A column of weights (all that make one output) gets its own scale. The scale of what goes in
    /// follows from its own least and largest value each time, so that nothing is calibrated on
    /// examples, and a faint line has as many steps as a dark one. What comes out is a
    /// floating-point number.
    pub(in crate::engine) fn quantise(&mut self) -> usize {
        let users = self.users();
        let layers: Vec<Option<Layer>> = (0..self.nodes.len()).map(|at| self.layer(&users, at)).collect();
        let within: HashSet<usize> = layers.iter().flatten().filter_map(|layer| layer.bias_node).collect();
        let count = layers.iter().flatten().count();
        let mut nodes = Vec::with_capacity(self.nodes.len() + 2 * count);
        for (at, (node, layer)) in std::mem::take(&mut self.nodes).into_iter().zip(layers).enumerate() {
            match layer {
                Some(layer) => self.write(layer, &mut nodes),
                None if within.contains(&at) => {}
                None => nodes.push(node),
            }
        }
        self.nodes = nodes;
        self.keep_channels_last();
        count
    }

    /// The node as a product with a matrix; `None` for another one, and one that gains nothing.
    fn layer(&self, users: &HashMap<&str, Vec<usize>>, at: usize) -> Option<Layer> {
        match self.nodes[at].operator.as_str() {
            "Conv" => self.pixel_convolution(at),
            "MatMul" => self.matrix_product(users, at),
            _ => None,
        }
    }

    fn write(&mut self, layer: Layer, nodes: &mut Vec<Node>) {
        let Layer { input, output, rows, weights, bias, channels_second, .. } = layer;
        let columns = weights.len() / rows;
        let (codes, scales) = quantised(&weights, columns);
        let shape = vec![rows as i64, columns as i64];
        let codes = self.add_constant(format!("{output}/codes"), codes, ELEMENT_INT8, shape);
        let scales = self.add_floats(format!("{output}/scales"), &scales, vec![columns as i64]);
        let bias = bias.map(|bias| self.add_floats(format!("{output}/bias8"), &bias, vec![columns as i64]));
        // The zero point is left out: the codes lie around zero.
        let constants = [codes, scales, String::new(), bias.unwrap_or_default()];
        let mut product = |input: String, output| {
            let inputs = std::iter::once(input).chain(constants.iter().cloned()).collect();
            self.runtime_node("DynamicQuantizeMatMul", inputs, output)
        };
        if !channels_second {
            nodes.push(product(input, output));
            return;
        }
        // The product is over the last dimension.
        let turned = format!("{output}/turned");
        let made = format!("{output}/made");
        nodes.push(Node::turn(input, turned.clone(), &LAST));
        nodes.push(product(turned, made.clone()));
        nodes.push(Node::turn(made, output, &BACK));
    }

    /// A convolution that mixes the channels of each pixel by itself, as a product with a matrix.
    fn pixel_convolution(&self, at: usize) -> Option<Layer> {
        let node = &self.nodes[at];
        let [input, weights, bias @ ..] = &node.inputs[..] else { return None };
        let (values, shape) = self.floats(weights)?;
        let [outputs, inputs, 1, 1] = *shape else { return None };
        let (outputs, inputs) = (usize::try_from(outputs).ok()?, usize::try_from(inputs).ok()?);
        if !node.is_of_each_pixel() || values.len() < WORTHWHILE || self.is_pooled(input) {
            return None;
        }
        let bias = match bias.first().filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => Some(self.floats(name)?.0),
        };
        let mut weights = vec![0.0; values.len()];
        for (output, row) in values.chunks_exact(inputs).enumerate() {
            for (input, value) in row.iter().enumerate() {
                weights[input * outputs + output] = *value;
            }
        }
        Some(Layer {
            input: input.clone(),
            output: node.outputs.first()?.clone(),
            rows: inputs,
            weights,
            bias,
            bias_node: None,
            channels_second: true,
        })
    }

    /// A product with a constant matrix, and the constant that is added to it.
    fn matrix_product(&self, users: &HashMap<&str, Vec<usize>>, at: usize) -> Option<Layer> {
        let node = &self.nodes[at];
        let [input, weights] = &node.inputs[..] else { return None };
        let (weights, shape) = self.floats(weights)?;
        let [rows, columns] = *shape else { return None };
        let (rows, columns) = (usize::try_from(rows).ok()?, usize::try_from(columns).ok()?);
        if weights.len() < WORTHWHILE.max(rows) {
            return None;
        }
        let sum = self.only_user(users, node).filter(|user| self.nodes[*user].operator == "Add");
        let bias = sum.and_then(|sum| {
            let other = self.nodes[sum].inputs.iter().find(|i| !node.outputs.contains(i))?;
            let (bias, shape) = self.floats(other)?;
            (shape.len() == 1 && bias.len() == columns).then_some((sum, bias))
        });
        let (bias_node, bias) = bias.unzip();
        let last = bias_node.map_or(node, |sum| &self.nodes[sum]);
        let output = last.outputs.first()?.clone();
        let input = input.clone();
        Some(Layer { input, output, rows, weights, bias, bias_node, channels_second: false })
    }

    /// Whether a value has one pixel alone, a mean over all: a layer on it costs next to nothing.
    pub(super) fn is_pooled(&self, value: &str) -> bool {
        let mut value = value;
        // As many steps as there are nodes: a file may have them in a circle.
        for _ in 0..self.nodes.len() {
            let Some(node) = self.maker(value).map(|at| &self.nodes[at]) else { return false };
            match (node.operator.as_str(), node.inputs.first()) {
                ("GlobalAveragePool" | "ReduceMean", _) => return true,
                ("Conv" | "Relu" | "Sigmoid" | "HardSigmoid" | "Add", Some(input)) => value = input,
                _ => return false,
            }
        }
        false
    }
}

/// A layer as a product with a matrix.
struct Layer {
    input: String,
    output: String,
    /// The matrix's rows: how many values one output is made of.
    rows: usize,
    /// Row by row.
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    /// The node that added the bias, where it was one of its own.
    bias_node: Option<usize>,
    /// Whether the values of a pixel stand in the second dimension of four, rather than the last.
    channels_second: bool,
}

/// Weights, row by row, as codes from -127 to 127 with the scale of each column.
fn quantised(weights: &[f32], columns: usize) -> (Vec<u8>, Vec<f32>) {
    let mut scales = vec![0.0_f32; columns];
    for row in weights.chunks_exact(columns) {
        scales.iter_mut().zip(row).for_each(|(s, w)| *s = s.max(w.abs()));
    }
    scales.iter_mut().for_each(|s| *s = if *s > 0.0 { *s / 127.0 } else { 1.0 });
    let code = |(w, s): (&f32, &f32)| (w / s).round().clamp(-127.0, 127.0) as i8 as u8;
    (weights.chunks_exact(columns).flat_map(|row| row.iter().zip(&scales).map(code)).collect(), scales)
}
