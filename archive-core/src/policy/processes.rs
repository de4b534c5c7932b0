//! Checks the processes of a pack: papers, stages, conditions, deferrals, inheritance.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::build::{Source, checked_condition};
use super::pack_text::{ProcessText, RequirementText};
use super::{DocumentRule, Process, Role, Stage};
use crate::completeness::{Deferral, Requirement};
use crate::error::Error;
use crate::facts::FactRule;
use crate::identifier::{DocumentType, ProcessCode, RoleCode};

/// What the processes of a pack may refer to.
pub(super) struct Processes<'a> {
    pub(super) source: Source<'a>,
    pub(super) facts: &'a [FactRule],
    pub(super) documents: &'a BTreeMap<DocumentType, DocumentRule>,
    pub(super) roles: &'a BTreeMap<RoleCode, Role>,
}

impl Processes<'_> {
    pub(super) fn build(
        &self,
        texts: Vec<ProcessText>,
        note: &mut impl FnMut(&str, Range<usize>),
    ) -> Result<BTreeMap<ProcessCode, Process>, Error> {
        let mut by_code: BTreeMap<ProcessCode, &ProcessText> = BTreeMap::new();
        for text in &texts {
            let code = text.code.get_ref();
            if by_code.insert(code.clone(), text).is_some() {
                return self.source.wrong(text.code.span(), format!("process {code} stands twice"));
            }
            note(&format!("process.{code}.retention"), text.retention.span());
            for requirement in &text.requires {
                note(&format!("process.{code}.requires.{}", requirement.get_ref().name), requirement.span());
            }
        }
        let mut built = BTreeMap::new();
        for text in &texts {
            self.build_one(text, &by_code, &mut built, &mut Vec::new())?;
        }
        Ok(built)
    }

    /// Builds a process after the one that it extends; `way` holds those under way.
    fn build_one<'t>(
        &self,
        text: &'t ProcessText,
        by_code: &BTreeMap<ProcessCode, &'t ProcessText>,
        built: &mut BTreeMap<ProcessCode, Process>,
        way: &mut Vec<&'t str>,
    ) -> Result<(), Error> {
        let code = text.code.get_ref();
        if built.contains_key(code) {
            return Ok(());
        }
        way.push(code.as_str());
        let parent = match &text.extends {
            None => None,
            Some(parent) if way.contains(&parent.get_ref().as_str()) => {
                let circle = format!("{} → {}", way.join(" → "), parent.get_ref());
                return self.source.wrong(parent.span(), format!("goes in a circle: {circle}"));
            }
            Some(parent) => match by_code.get(parent.get_ref()) {
                None => return self.source.wrong(parent.span(), "is no process of this pack"),
                Some(other) => {
                    self.build_one(other, by_code, built, way)?;
                    built.get(parent.get_ref()).cloned()
                }
            },
        };
        way.pop();

        let mut stages = parent.as_ref().map_or_else(Vec::new, |p| p.stages.clone());
        for stage in &text.stages {
            if stages.iter().any(|s| s.code == stage.get_ref().code) {
                let message = format!("stage {} stands twice", stage.get_ref().code);
                return self.source.wrong(stage.span(), message);
            }
            stages.push(Stage { code: stage.get_ref().code.clone(), name: stage.get_ref().name.clone() });
        }
        let mut process = Process {
            code: code.clone(),
            name: text.name.clone(),
            subject: text.subject.clone(),
            retention: *text.retention.get_ref(),
            stages,
            requirements: parent.map_or_else(Vec::new, |p| p.requirements),
            basis: text.basis.clone(),
        };
        let mut own: Vec<&str> = Vec::new();
        for spanned in &text.requires {
            let name = spanned.get_ref().name.as_str();
            if own.contains(&name) {
                return self.source.wrong(spanned.span(), format!("requirement {name:?} stands twice"));
            }
            own.push(name);
            let requirement = self.requirement(spanned, &process)?;
            // A requirement of the same name takes the place of the inherited one.
            match process.requirements.iter_mut().find(|r| r.name == name) {
                Some(inherited) => *inherited = requirement,
                None => process.requirements.push(requirement),
            }
        }
        if process.requirements.len() > 200 {
            return self
                .source
                .wrong(text.code.span(), format!("process {code} asks for more than 200 papers"));
        }
        built.insert(code.clone(), process);
        Ok(())
    }

    fn requirement(
        &self,
        spanned: &Spanned<RequirementText>,
        process: &Process,
    ) -> Result<Requirement, Error> {
        let text = spanned.get_ref();
        let wrong = |span: Range<usize>, message: String| self.source.wrong(span, message);
        let name = &text.name;
        if text.one_of.get_ref().is_empty() {
            return wrong(text.one_of.span(), format!("requirement {name:?} accepts no document"));
        }
        let named = text.one_of.get_ref().iter().map(|d| (d, text.one_of.span()));
        let deferring = text.deferred_by.iter().map(|d| (d.get_ref(), d.span()));
        for (document, span) in named.chain(deferring) {
            if !self.documents.contains_key(document) {
                return wrong(
                    span,
                    format!("requirement {name:?} names {document}, which is no document here"),
                );
            }
        }
        if !self.roles.contains_key(text.by.get_ref()) {
            return wrong(text.by.span(), format!("{} is no role of this pack", text.by.get_ref()));
        }
        let stage = match &text.stage {
            None => 0,
            Some(stage) => match process.stage_index(stage.get_ref()) {
                Some(index) => index,
                None => {
                    return wrong(
                        stage.span(),
                        format!("{} is no stage of process {}", stage.get_ref(), process.code),
                    );
                }
            },
        };
        let when = text.when.as_ref().map(|w| checked_condition(self.source, w, self.facts)).transpose()?;
        Ok(Requirement {
            name: name.clone(),
            one_of: text.one_of.get_ref().clone(),
            when,
            form: text.form,
            stage,
            deferral: self.deferral(text, process, stage)?,
            by: text.by.get_ref().clone(),
            basis: text.basis.clone().unwrap_or_else(|| process.basis.clone()),
        })
    }

    fn deferral(
        &self,
        text: &RequirementText,
        process: &Process,
        stage: usize,
    ) -> Result<Option<Deferral>, Error> {
        let Some(commitment) = &text.deferred_by else {
            let orphan = text.within_days.as_ref().map(Spanned::span);
            return match orphan.or_else(|| text.before_stage.as_ref().map(Spanned::span)) {
                None => Ok(None),
                Some(span) => self.source.wrong(span, "is a deadline without a commitment: name deferred_by"),
            };
        };
        if text.one_of.get_ref().contains(commitment.get_ref()) {
            let message = format!("defers a paper by {}, which is that paper itself", commitment.get_ref());
            return self.source.wrong(commitment.span(), message);
        }
        let within_days = text.within_days.as_ref().map(|d| *d.get_ref());
        if within_days == Some(0) {
            let span = text.within_days.as_ref().map_or(commitment.span(), Spanned::span);
            return self.source.wrong(span, "leaves no day for the paper: it must be at least 1");
        }
        let before_stage = match &text.before_stage {
            None => None,
            Some(before) => match process.stage_index(before.get_ref()) {
                Some(index) if index > stage => Some(index),
                Some(_) => {
                    let message = format!(
                        "{} is not after the paper's own stage: nobody could be in time",
                        before.get_ref()
                    );
                    return self.source.wrong(before.span(), message);
                }
                None => {
                    let message = format!("{} is no stage of process {}", before.get_ref(), process.code);
                    return self.source.wrong(before.span(), message);
                }
            },
        };
        if within_days.is_none() && before_stage.is_none() {
            let message = "defers a paper for ever: give within_days, before_stage or both";
            return self.source.wrong(commitment.span(), message);
        }
        Ok(Some(Deferral { commitment: commitment.get_ref().clone(), within_days, before_stage }))
    }
}
