//! Routes that count together, under one endpoint.

/// Groups of endpoints: which endpoints count under which other one.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    name: String,
    /// An endpoint, or all that begin so.
    members: Vec<(String, Extent)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The endpoint alone.
    One,
    /// Whatever begins so.
    Below,
}

// ===== impl Groups =====

impl Groups {
    pub(super) fn add(&mut self, name: String, members: impl IntoIterator<Item = String>) {
        assert!(
            !name.is_empty(),
            "a group of endpoints has no name: give the endpoint under which they count"
        );
        let members: Vec<_> = members.into_iter().map(extent_of).collect();
        assert!(!members.is_empty(), "the group {name:?} has no endpoints: name those that count under it");
        for (member, extent) in &members {
            let other = self.groups.iter().find(|group| {
                group.members.iter().any(|(its, its_extent)| (its, its_extent) == (member, extent))
            });
            if let Some(other) = other {
                panic!(
                    "{member:?} is in the group {:?} already: an endpoint counts under one name, so leave it out of {name:?}",
                    other.name
                );
            }
        }
        self.groups.push(Group { name, members });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The endpoint under which this one counts: that of the group that names it, else of the group with the longest
    /// beginning of it, else none but its own.
    pub(super) fn of(&self, endpoint: &str) -> Option<&str> {
        let members =
            self.groups.iter().flat_map(|group| group.members.iter().map(move |member| (group, member)));
        members
            .filter(|(_, (member, extent))| match extent {
                Extent::One => *member == *endpoint,
                Extent::Below => endpoint.starts_with(&**member),
            })
            .max_by_key(|(_, (member, extent))| (*extent == Extent::One, member.len()))
            .map(|(group, _)| &*group.name)
    }

    /// Tells whether endpoints count under this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group.name == *name)
    }
}

fn extent_of(mut member: String) -> (String, Extent) {
    assert!(
        !member.is_empty() && member != "*" && member != "/*",
        "{member:?} would be every endpoint: name those of the group"
    );
    if member.ends_with("/*") {
        member.pop();
        return (member, Extent::Below);
    }
    (member, Extent::One)
}
