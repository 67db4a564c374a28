import type { Owner } from '../../../protocol/owner.ts'
import { ownerOf } from '../../tenancy/owner-facts.ts'
import { EXPORTED, isExporterName } from './exporter-pod.ts'

type Labels = ReadonlyMap<string, string>

/** Labels for each fact; the first that is not empty counts. */
const FACT_LABELS = {
  namespace: ['namespace', 'pod_namespace'],
  pod: ['pod', 'pod_name'],
  container: ['container', 'container_name'],
} as const
/** Labels under which sites add Slurm's facts to `hpc_job`: by a relabelling rule, or an exporter of their own. */
const SLURM_LABELS = {
  slurmJob: ['hpc_job', 'slurm_job', 'slurm_job_id', 'slurm_jobid'],
  slurmAccount: ['hpc_account', 'slurm_account', 'slurm_job_account'],
  slurmUser: ['hpc_user', 'slurm_user', 'slurm_job_user'],
  slurmPartition: ['hpc_partition', 'slurm_partition', 'slurm_job_partition'],
} as const
/** Slurm counts its jobs from 1, and an epilog may write this for none. */
const NO_JOB = '0'
const POD_LABEL = /^(?:exported_)?label_(.+)$/
const MOST_POD_LABELS = 32
/**
 * The owner in a row's labels; undefined where nobody holds the GPU.
 * @param isExporters whether the labels without `exported_` are those of the exporter
 * @param podLabels the labels of pods that become facts, by the names that Kubernetes gives them
 */
export function labelledOwner(
  labels: Labels,
  isExporters: boolean,
  podLabels: readonly string[],
): Owner | undefined {
  const first = (names: readonly string[], prefix = '') =>
    names.map((name) => labels.get(prefix + name)).find((value) => value)
  const facts: Record<string, string | undefined> = {}
  for (const [fact, names] of Object.entries(FACT_LABELS))
    facts[fact] = first(names, EXPORTED) ?? (isExporters ? undefined : first(names))
  for (const [fact, names] of Object.entries(SLURM_LABELS))
    facts[fact] = first(names) ?? first(names, EXPORTED)
  if (facts['slurmJob'] === NO_JOB) facts['slurmJob'] = undefined
  if (!facts['pod'] && !facts['slurmJob']) return undefined
  return ownerOf(facts['pod'] ? { ...facts, ...podFacts(labels, podLabels) } : facts)
}

/** What tells one owner of a page from another: the rows of one may have different further facts. */
export const whoOf = ({ namespace, pod, container, slurmJob }: Owner): string =>
  JSON.stringify([namespace, pod, container, slurmJob])

/**
 * Labels of the pod. With `--kubernetes-enable-pod-labels` the exporter writes them under their own names, with `_` for every
 * character that Prometheus doesn't know, so only the chosen ones can be told from its own; others write a prefix `label_`.
 */
function podFacts(labels: Labels, chosen: readonly string[]): Record<string, string> {
  const facts: Record<string, string> = {}
  const add = (name: string, value: string | undefined) => {
    if (value && Object.keys(facts).length < MOST_POD_LABELS)
      facts[`label.${name.replace(/[^A-Za-z0-9.]/g, '.')}`.slice(0, 64)] = value
  }
  for (const name of chosen) {
    const written = name.replace(/[^A-Za-z0-9_]/g, '_')
    const value = labels.get(written) ?? ''
    // a scraper may put the labels of the exporter's own pod on every row
    add(name, labels.get(EXPORTED + written) ?? (isExporterName(value) ? undefined : value))
  }
  for (const [label, value] of labels)
    add(POD_LABEL.exec(label)?.[1] ?? '', POD_LABEL.test(label) ? value : undefined)
  return facts
}
