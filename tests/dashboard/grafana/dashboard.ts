// The classic dashboard JSON, as narrow as this crate writes it. Grafana's own types leave `type`, `options`,
// `fieldConfig`, `targets` and the datasource open; here they are closed, so that an unknown key is an error.

import type { ReducerID } from '@grafana/data';
import type {
  AxisPlacement,
  DashboardCursorSync,
  FieldColorModeId,
  GraphDrawStyle,
  GraphFieldConfig,
  GraphThresholdsStyleConfig,
  GraphTransform,
  HideableFieldConfig,
  HideSeriesConfig,
  LineInterpolation,
  LineStyle,
  ScaleDistributionConfig,
  StackingConfig,
  TableCellOptions,
  TableFieldOptions,
  ThresholdsMode,
  ValueMapping,
  VariableHide,
  VariableRefresh,
  VariableSort,
  VisibilityMode,
  VizLegendOptions,
} from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** @minLength 1 */
type Text = string;
/** @asType integer */
type Int = number;
/** @pattern ^[1-9][0-9]*(ms|s|m|h|d)$ */
type Interval = string;
/** @pattern ^(#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?|((super-light|light|semi-dark|dark)-)?(red|orange|yellow|green|blue|purple)|text|transparent|rgba?\([0-9., ]+\))$ */
type Color = string;
/** @pattern ^now(-[1-9][0-9]*[smhdwMy])?(/[smhdwMy])?$ */
type Moment = string;

export interface Datasource {
  type: 'prometheus';
  uid: '${datasource}';
}

export interface GridPos {
  h: Int;
  w: Int;
  x: Int;
  y: Int;
}

export interface DataLink {
  oneClick?: boolean;
  targetBlank?: boolean;
  title: Text;
  url: Text;
}

// ===== targets =====

export interface Target {
  datasource: Datasource;
  editorMode?: 'builder' | 'code';
  exemplar?: boolean;
  expr: Text;
  format?: 'heatmap' | 'table' | 'time_series';
  hide?: boolean;
  instant?: boolean;
  interval?: string;
  intervalFactor?: Int;
  legendFormat?: string;
  range?: boolean;
  refId: Text;
}

// ===== fieldConfig =====

export interface FieldColor {
  fixedColor?: Color;
  mode: `${FieldColorModeId}`;
  seriesBy?: 'last' | 'max' | 'min';
}

export interface Thresholds {
  mode: `${ThresholdsMode}`;
  // Grafana reads the first step as the one below all others, whatever its value.
  steps: [{ color: Color; value: null }, ...Array<{ color: Color; value: number }>];
}

interface Defaults {
  color?: FieldColor;
  decimals?: Int;
  description?: string;
  displayName?: string;
  filterable?: boolean;
  links?: DataLink[];
  mappings?: ValueMapping[];
  max?: number;
  min?: number;
  noValue?: string;
  thresholds?: Thresholds;
  unit?: Text;
}

export interface GraphCustom extends GraphFieldConfig {}
export interface HeatmapCustom extends HideableFieldConfig {
  scaleDistribution?: ScaleDistributionConfig;
}
export interface TableCustom extends Partial<TableFieldOptions> {}

/** @discriminator id */
type Property =
  | { id: 'color'; value: FieldColor }
  | { id: 'decimals' | 'max' | 'min'; value: number }
  | { id: 'description' | 'displayName' | 'noValue'; value: string }
  | { id: 'links'; value: DataLink[] }
  | { id: 'mappings'; value: ValueMapping[] }
  | { id: 'thresholds'; value: Thresholds }
  | { id: 'unit'; value: Text };

/** @discriminator id */
type GraphProperty =
  | Property
  | { id: 'custom.axisLabel'; value: string }
  | { id: 'custom.axisPlacement'; value: AxisPlacement }
  | { id: 'custom.axisSoftMax' | 'custom.axisSoftMin'; value: number }
  | { id: 'custom.drawStyle'; value: GraphDrawStyle }
  | { id: 'custom.fillBelowTo'; value: Text }
  | { id: 'custom.fillOpacity' | 'custom.lineWidth' | 'custom.pointSize'; value: Int }
  | { id: 'custom.hideFrom'; value: HideSeriesConfig }
  | { id: 'custom.lineInterpolation'; value: LineInterpolation }
  | { id: 'custom.lineStyle'; value: LineStyle }
  | { id: 'custom.scaleDistribution'; value: ScaleDistributionConfig }
  | { id: 'custom.showPoints'; value: VisibilityMode }
  | { id: 'custom.spanNulls'; value: boolean | number }
  | { id: 'custom.stacking'; value: StackingConfig }
  | { id: 'custom.thresholdsStyle'; value: GraphThresholdsStyleConfig }
  | { id: 'custom.transform'; value: GraphTransform };

/** @discriminator id */
type TableProperty =
  | Property
  | { id: 'custom.align'; value: 'auto' | 'center' | 'left' | 'right' }
  | { id: 'custom.cellOptions'; value: TableCellOptions }
  | { id: 'custom.filterable' | 'custom.hidden' | 'custom.inspect'; value: boolean }
  | { id: 'custom.minWidth' | 'custom.width'; value: Int };

/** @discriminator id */
type Matcher =
  | { id: 'byFrameRefID' | 'byName' | 'byRegexp' | 'byType'; options: Text }
  | { id: 'byNames'; options: { mode: 'exclude' | 'include'; names: Text[]; prefix?: string; readOnly?: boolean } };

export interface GraphFields {
  defaults: Defaults & { custom?: GraphCustom };
  overrides: Array<{ matcher: Matcher; properties: GraphProperty[] }>;
}

export interface HeatmapFields {
  defaults: Defaults & { custom?: HeatmapCustom };
  overrides: Array<{ matcher: Matcher; properties: Property[] }>;
}

export interface StatFields {
  // What is special to a stat panel is in its options.
  defaults: Defaults & { custom?: {} };
  overrides: Array<{ matcher: Matcher; properties: Property[] }>;
}

export interface TableFields {
  defaults: Defaults & { custom?: TableCustom };
  overrides: Array<{ matcher: Matcher; properties: TableProperty[] }>;
}

// ===== options =====

export interface Legend extends Omit<VizLegendOptions, 'calcs' | 'displayMode'> {
  calcs: Array<`${ReducerID}`>;
  // `hidden` is deprecated: `showLegend` says so.
  displayMode: 'list' | 'table';
}

export interface TimeseriesOptions extends Omit<timeseries.Options, 'legend'> {
  legend: Legend;
}

export interface ReduceOptions {
  calcs: Array<`${ReducerID}`>;
  fields?: string;
  limit?: Int;
  values?: boolean;
}

export interface StatOptions extends Omit<stat.Options, 'percentChangeColorMode' | 'reduceOptions' | 'showPercentChange' | 'wideLayout'> {
  percentChangeColorMode?: stat.Options['percentChangeColorMode'];
  reduceOptions: ReduceOptions;
  showPercentChange?: boolean;
  wideLayout?: boolean;
}

// Buckets come from the query's `le`: nothing is left for Grafana to calculate.
export interface HeatmapOptions extends Omit<heatmap.Options, 'calculate' | 'calculation'> {
  calculate: false;
}

export interface TableOptions extends Omit<table.Options, 'frameIndex'> {
  frameIndex?: Int;
}

export interface TextOptions extends text.Options {}

// ===== transformations =====

/** @discriminator id */
export type Transformation =
  | { id: 'merge'; options: {} }
  | {
      id: 'organize';
      options: {
        excludeByName?: Record<string, boolean>;
        includeByName?: Record<string, boolean>;
        indexByName?: Record<string, number>;
        renameByName?: Record<string, string>;
      };
    }
  | { id: 'joinByField'; options: { byField?: string; mode?: 'inner' | 'outer' | 'outerTabular' } }
  | { id: 'renameByRegex'; options: { regex: string; renamePattern: string } }
  | { id: 'sortBy'; options: { sort: Array<{ desc?: boolean; field: Text }> } };

// ===== panels =====

interface PanelBase {
  description: Text;
  gridPos: GridPos;
  id: Int;
  links?: DataLink[];
  maxPerRow?: Int;
  pluginVersion?: string;
  repeat?: Text;
  repeatDirection?: 'h' | 'v';
  title: Text;
  transparent?: boolean;
}

interface QueryPanel extends PanelBase {
  datasource: Datasource;
  hideTimeOverride?: boolean;
  interval?: string;
  maxDataPoints?: Int;
  /** @minItems 1 */
  targets: Target[];
  timeFrom?: string;
  timeShift?: string;
  transformations?: Transformation[];
}

export interface TimeseriesPanel extends QueryPanel {
  fieldConfig: GraphFields;
  options: TimeseriesOptions;
  type: 'timeseries';
}

export interface StatPanel extends QueryPanel {
  fieldConfig: StatFields;
  options: StatOptions;
  type: 'stat';
}

export interface HeatmapPanel extends QueryPanel {
  fieldConfig: HeatmapFields;
  options: HeatmapOptions;
  type: 'heatmap';
}

export interface TablePanel extends QueryPanel {
  fieldConfig: TableFields;
  options: TableOptions;
  type: 'table';
}

export interface TextPanel extends PanelBase {
  datasource?: Datasource;
  options: TextOptions;
  type: 'text';
}

/** @discriminator type */
export type Panel = HeatmapPanel | StatPanel | TablePanel | TextPanel | TimeseriesPanel;

/** @discriminator type */
export type PanelOrRow = HeatmapPanel | Row | StatPanel | TablePanel | TextPanel | TimeseriesPanel;

export interface Row {
  collapsed: boolean;
  datasource?: Datasource;
  gridPos: GridPos;
  id: Int;
  panels: Panel[];
  repeat?: Text;
  title: Text;
  type: 'row';
}

// ===== variables, annotations, links =====

interface Choice<T> {
  selected?: boolean;
  text: T;
  value: T;
}

interface VariableBase {
  description?: string;
  hide?: VariableHide;
  label: Text;
  /** @pattern ^[A-Za-z_][A-Za-z0-9_]*$ */
  name: string;
  options?: Array<Choice<string>>;
  regex?: string;
  skipUrlSync?: boolean;
}

export interface DatasourceVariable extends VariableBase {
  current?: Choice<string>;
  includeAll?: false;
  multi?: false;
  query: 'prometheus';
  refresh?: VariableRefresh;
  type: 'datasource';
}

export interface QueryVariable extends VariableBase {
  allValue?: string;
  allowCustomValue?: boolean;
  current?: Choice<string | string[]>;
  datasource: Datasource;
  definition?: string;
  includeAll: boolean;
  multi: boolean;
  query: Text | { qryType?: Int; query: Text; refId: Text };
  refresh: VariableRefresh;
  sort?: VariableSort;
  type: 'query';
}

export interface BuiltInAnnotation {
  builtIn: 1;
  datasource: { type: 'grafana'; uid: '-- Grafana --' };
  enable: boolean;
  hide?: boolean;
  iconColor: Color;
  name: Text;
  target?: { limit: Int; matchAny: boolean; tags: string[]; type: 'dashboard' | 'tags' };
  type: 'dashboard';
}

export interface QueryAnnotation {
  datasource: Datasource;
  enable: boolean;
  expr: Text;
  filter?: { exclude?: boolean; ids: Int[] };
  hide?: boolean;
  iconColor: Color;
  name: Text;
  step?: Interval;
  tagKeys?: string;
  textFormat?: string;
  titleFormat?: string;
  useValueForTime?: boolean;
}

interface LinkBase {
  asDropdown: boolean;
  icon: 'bolt' | 'cloud' | 'dashboard' | 'doc' | 'external link' | 'info' | 'question';
  includeVars: boolean;
  keepTime: boolean;
  targetBlank: boolean;
  title: Text;
  tooltip: string;
}

export interface DashboardsLink extends LinkBase {
  /** @minItems 1 */
  tags: Text[];
  type: 'dashboards';
  url?: string;
}

export interface UrlLink extends LinkBase {
  /** @maxItems 0 */
  tags: string[];
  type: 'link';
  url: Text;
}

/** @discriminator type */
export type Variable = DatasourceVariable | QueryVariable;

/** @discriminator type */
export type Link = DashboardsLink | UrlLink;

// ===== the dashboard =====

export interface Dashboard {
  annotations: { list: Array<BuiltInAnnotation | QueryAnnotation> };
  description: Text;
  editable: boolean;
  fiscalYearStartMonth?: Int;
  graphTooltip: DashboardCursorSync;
  id?: null;
  links: Link[];
  liveNow?: boolean;
  /** @minItems 1 */
  panels: PanelOrRow[];
  preload?: boolean;
  refresh: Interval | '';
  schemaVersion: 39;
  tags: Text[];
  templating: { list: Variable[] };
  time: { from: Moment; to: Moment };
  timepicker: { hidden?: boolean; nowDelay?: Interval; refresh_intervals?: Interval[] };
  timezone: '' | 'browser' | 'utc';
  title: Text;
  /** @pattern ^[A-Za-z0-9_-]{1,40}$ */
  uid: string;
  version: Int;
  weekStart?: '' | 'monday' | 'saturday' | 'sunday';
}
