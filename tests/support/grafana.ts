/**
 * What a Grafana dashboard asks Prometheus.
 *
 * @module
 */

/** Every expression of a dashboard: of its panels, and inside its variables. */
export function exprsOf(dashboard: string): readonly string[] {
  const { panels, templating } = JSON.parse(dashboard) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  };
  const ofVariables = templating.list.flatMap(({ definition = "" }) =>
    /^label_values\((.*), \w+\)$/.exec(definition)?.[1] ?? []
  );
  const ofPanels = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return [...ofPanels, ...ofVariables];
}
