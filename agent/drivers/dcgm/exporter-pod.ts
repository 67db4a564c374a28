import type { PrometheusSample } from '../../wire/prometheus.ts'

type Labels = ReadonlyMap<string, string>

/** A Prometheus renames the exporter's labels so where they clash with its own. */
export const EXPORTED = 'exported_'
/** Names of the exporter's own pod and container in its chart and in NVIDIA's GPU operator. */
const EXPORTER = /(^|-)dcgm-exporter(-|$)/
/** Labels under which a pod's name stands; the first that is not empty counts. */
const POD_LABELS = ['pod', 'pod_name']
const RENAMED = ['pod', 'pod_name', 'namespace', 'pod_namespace', 'container', 'container_name'].map(
  (name) => EXPORTED + name,
)

/**
 * Whose pod the labels of a page mean. On the exporter's own page they are the tenant's. A Prometheus adds the labels of its target,
 * the exporter's pod: with `honorLabels: false`, the chart's default, to every row, and the tenant's become `exported_pod`; with
 * `honorLabels: true` to the rows of free GPUs, which have no pod of their own.
 *
 * A sign that a page shows only while somebody holds a GPU is remembered. The name of the exporter's pod is anybody's choice, so it is known by
 * where it stands: on rows of the target that are no GPU's, in the name of the target's service or job, or as the only pod of a page
 * that came through a Prometheus.
 */
export class ExporterPod {
  #isRelabelled = false
  readonly #own = new Set<string>()

  /** Looks at a page, before its rows are asked about. */
  learn(samples: readonly PrometheusSample[]): void {
    this.#isRelabelled ||= samples.some(({ labels }) => RENAMED.some((name) => labels.has(name)))
    if (this.#isRelabelled) return
    const ofGpus = samples.filter((sample) => isGpuRow(sample) && isScraped(sample.labels))
    const targets = new Set(ofGpus.map(({ labels }) => targetOf(labels)))
    for (const sample of samples) {
      const { labels } = sample
      const pod = podOf(labels)
      if (pod === undefined || !targets.has(targetOf(labels))) continue
      if (!isGpuRow(sample) || isNamedAfterTarget(pod, labels)) this.#own.add(pod)
    }
    if (this.#own.size === 0) for (const pod of onlyPodOf(ofGpus)) this.#own.add(pod)
  }

  /** Whether the labels without `exported_` are those of the exporter. */
  isOwn(labels: Labels): boolean {
    const pod = podOf(labels)
    const container = labels.get('container') || labels.get('container_name')
    return (
      this.#isRelabelled ||
      (pod !== undefined && this.#own.has(pod)) ||
      EXPORTER.test(pod ?? '') ||
      EXPORTER.test(container ?? '')
    )
  }
}

/** Whether a value is the exporter's own name, such as in a label that a scraper puts on every row. */
export const isExporterName = (value: string): boolean => EXPORTER.test(value)

const podOf = (labels: Labels): string | undefined =>
  POD_LABELS.map((name) => labels.get(name)).find((value) => value)

/** Prometheus adds `instance` and `job` to every row, and the exporter writes neither. */
const isScraped = (labels: Labels): boolean => labels.has('instance') || labels.has('job')

const targetOf = (labels: Labels): string => JSON.stringify([labels.get('job'), labels.get('instance')])

const isGpuRow = ({ name, labels }: PrometheusSample): boolean => labels.has('gpu') && /^dcgm_/i.test(name)

/** The pods of a DaemonSet or Deployment bear its name, and so do its Service and the job that Prometheus makes of it. */
function isNamedAfterTarget(pod: string, labels: Labels): boolean {
  const names = [labels.get('service'), labels.get('job')?.split('/').at(-1)]
  return names.some((name) => name !== undefined && name.length > 2 && pod.startsWith(`${name}-`))
}

/** The pod of every GPU and MIG instance, where there is no other. */
function onlyPodOf(rows: readonly PrometheusSample[]): string[] {
  const pods = new Set(rows.map(({ labels }) => podOf(labels)))
  const [pod] = pods
  return pods.size === 1 && pod !== undefined ? [pod] : []
}
