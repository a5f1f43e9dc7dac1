//! A panel, which is its own builder.

use serde::Serialize;

use super::{
    Color, DataSource, Field, Options, Unit,
    field::{FieldConfig, Thresholds},
    overrides::{Override, Property},
    query::{Target, Transformation},
};

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::dashboard) struct Panel {
    #[serde(skip_serializing_if = "Option::is_none")]
    collapsed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    datasource: Option<DataSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_config: Option<FieldConfig>,
    pub(in crate::dashboard) grid_pos: GridPos,
    pub(in crate::dashboard) id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Options>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::dashboard) panels: Option<Vec<Self>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::dashboard) targets: Vec<Target>,
    pub(in crate::dashboard) title: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transformations: Vec<Transformation>,
    r#type: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::dashboard) enum Kind {
    Row,
    Stat,
    TimeSeries,
    Heatmap,
    Table,
}

/// Where it is, in a grid of 24 columns.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(in crate::dashboard) struct GridPos {
    pub(in crate::dashboard) h: u32,
    pub(in crate::dashboard) w: u32,
    pub(in crate::dashboard) x: u32,
    pub(in crate::dashboard) y: u32,
}

// ===== impl Panel =====

impl Panel {
    fn new(kind: Kind, title: &str, description: &str, field: Field, options: Options) -> Self {
        Self {
            collapsed: None,
            datasource: Some(DataSource::chosen()),
            description: Some(description.into()),
            field_config: Some(FieldConfig { defaults: field, overrides: Vec::new() }),
            grid_pos: GridPos::default(),
            id: 0,
            options: Some(options),
            panels: None,
            targets: Vec::new(),
            title: title.into(),
            transformations: Vec::new(),
            r#type: kind,
        }
    }

    pub(in crate::dashboard) fn time_series(title: &str, unit: Unit, description: &str) -> Self {
        Self::new(Kind::TimeSeries, title, description, Field::time_series(unit), Options::time_series())
    }

    pub(in crate::dashboard) fn stat(title: &str, unit: Unit, description: &str) -> Self {
        Self::new(Kind::Stat, title, description, Field::stat(unit), Options::stat())
    }

    /// Of a histogram whose bounds have the one unit, and whose rates the other.
    pub(in crate::dashboard) fn heatmap(title: &str, bounds: Unit, rates: Unit, description: &str) -> Self {
        Self::new(Kind::Heatmap, title, description, Field::heatmap(rates), Options::heatmap(bounds, rates))
    }

    /// Sorted by a column, the highest first or the lowest.
    pub(in crate::dashboard) fn table(title: &str, sort_by: (&str, bool), description: &str) -> Self {
        Self::new(Kind::Table, title, description, Field::table(), Options::table(sort_by))
    }

    /// What has the panels below it, up to the next row; or in it, if it is closed.
    pub(in crate::dashboard) fn row(title: &str, closed: Option<Vec<Self>>) -> Self {
        Self {
            collapsed: Some(closed.is_some()),
            datasource: None,
            description: None,
            field_config: None,
            grid_pos: GridPos::default(),
            id: 0,
            options: None,
            panels: Some(closed.unwrap_or_default()),
            targets: Vec::new(),
            title: title.into(),
            transformations: Vec::new(),
            r#type: Kind::Row,
        }
    }

    /// Adds a query, and how its series are called.
    pub(in crate::dashboard) fn query(mut self, expr: impl Into<String>, legend: &str) -> Self {
        // What is shown as of now has to be of now: the last value of a range may be hours old.
        let is_instant = matches!(self.r#type, Kind::Table | Kind::Stat);
        let format = match self.r#type {
            Kind::Heatmap => "heatmap",
            Kind::Table => "table",
            Kind::Row | Kind::Stat | Kind::TimeSeries => "time_series",
        };
        self.targets.push(Target {
            datasource: DataSource::chosen(),
            editor_mode: "code",
            expr: expr.into(),
            format,
            instant: is_instant,
            legend_format: legend.into(),
            range: !is_instant,
            ref_id: letters(self.targets.len()),
        });
        self
    }

    pub(in crate::dashboard) fn min(mut self, min: f64) -> Self {
        self.defaults().min = Some(min);
        self
    }

    pub(in crate::dashboard) fn max(mut self, max: f64) -> Self {
        self.defaults().max = Some(max);
        self
    }

    pub(in crate::dashboard) fn decimals(mut self, decimals: u8) -> Self {
        self.defaults().decimals = Some(decimals);
        self
    }

    /// The axis begins where the values do.
    pub(in crate::dashboard) fn free_axis(mut self) -> Self {
        self.defaults().min = None;
        self
    }

    /// From each value on, its colour; the first is for everything below the second.
    pub(in crate::dashboard) fn colored(
        mut self,
        below: Color,
        steps: impl IntoIterator<Item = (Color, f64)>,
    ) -> Self {
        self.defaults().thresholds = Thresholds::new(below, steps);
        self
    }

    /// A line at each of these values, which have to rise.
    pub(in crate::dashboard) fn lines(self, steps: impl IntoIterator<Item = (Color, f64)>) -> Self {
        let mut steps: Vec<_> = steps.into_iter().collect();
        steps.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        steps.dedup_by(|(_, a), (_, b)| a == b);
        if steps.is_empty() {
            return self;
        }
        let mut it = self.colored(Color::Transparent, steps);
        it.defaults().of_time_series().thresholds_style.mode = "line";
        it
    }

    /// Fills what is below the one series there is; of several, one would hide the others.
    pub(in crate::dashboard) fn filled(mut self) -> Self {
        self.defaults().of_time_series().fill_opacity = 10;
        self
    }

    /// What stands on each other is the whole.
    pub(in crate::dashboard) fn stacked(mut self) -> Self {
        let custom = self.defaults().of_time_series();
        custom.stacking.mode = "normal";
        custom.fill_opacity = 60;
        // The line of a series that is 0 would go around all those below it.
        custom.line_width = 0;
        self
    }

    /// Marks values that stand alone, where a series comes and goes.
    pub(in crate::dashboard) fn with_points(mut self) -> Self {
        self.defaults().of_time_series().show_points = "auto";
        self
    }

    /// Gives the series of this name a colour.
    pub(in crate::dashboard) fn paint(self, name: &str, color: Color) -> Self {
        self.over(Override::named(name, vec![Property::color(color)]))
    }

    /// Draws the series whose names match, `/…/`, as broken lines: they are bounds of others.
    pub(in crate::dashboard) fn broken(self, regex: &str, color: Color) -> Self {
        self.over(Override::matched(regex, vec![Property::color(color), Property::dashed()]))
    }

    /// Fills the room between two series.
    pub(in crate::dashboard) fn band(self, upper: &str, lower: &str) -> Self {
        let color = || Property::color(Color::Blue);
        self.over(Override::named(upper, vec![color(), Property::filled_down_to(lower)]))
            .over(Override::named(lower, vec![color()]))
    }

    /// The last and the highest value of each series stand in the legend.
    pub(in crate::dashboard) fn with_values(mut self) -> Self {
        if let Some(Options::TimeSeries(options)) = &mut self.options {
            options.legend.calcs = vec!["lastNotNull", "max"];
            options.legend.display_mode = "table";
        }
        self
    }

    /// Names the columns of a table and puts them in this order: of labels by their names, of queries by `Value #A` and so
    /// on; of others, some are not shown.
    pub(in crate::dashboard) fn columns(mut self, columns: &[(&str, &str)], hidden: &[&str]) -> Self {
        let hidden = ["Time"].iter().chain(hidden).map(|name| ((*name).to_owned(), true));
        let place = columns.iter().enumerate().map(|(place, (name, _))| ((*name).to_owned(), place));
        let names = columns.iter().map(|(name, title)| ((*name).to_owned(), (*title).to_owned()));
        self.transformations = vec![
            Transformation::Merge {},
            Transformation::Organize {
                exclude_by_name: hidden.collect(),
                index_by_name: place.collect(),
                rename_by_name: names.collect(),
            },
        ];
        self
    }

    /// Shows a column with this unit, coloured, if it is, from each value on.
    pub(in crate::dashboard) fn column(
        self,
        title: &str,
        unit: Unit,
        decimals: u8,
        colored: Option<(Color, Vec<(Color, f64)>)>,
    ) -> Self {
        let mut properties = vec![Property::unit(unit), Property::decimals(decimals), Property::width(140)];
        if let Some((below, steps)) = colored {
            properties.push(Property::thresholds(below, steps));
            properties.push(Property::colored_cell());
        }
        self.over(Override::named(title, properties))
    }

    fn over(mut self, other: Override) -> Self {
        self.field_config.as_mut().expect("a row has no series").overrides.push(other);
        self
    }

    fn defaults(&mut self) -> &mut Field {
        &mut self.field_config.as_mut().expect("a row has no values").defaults
    }
}

/// `A` to `Z`, then `AA` and so on.
fn letters(place: usize) -> String {
    let last = char::from(b'A' + u8::try_from(place % 26).expect("below 26"));
    match place / 26 {
        0 => last.to_string(),
        rest => letters(rest - 1) + &last.to_string(),
    }
}
