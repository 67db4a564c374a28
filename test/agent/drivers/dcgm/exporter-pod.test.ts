import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import dcgm from '../../../../agent/drivers/dcgm/dcgm.ts'
import { type PageServer, servePage, text } from '../../page-server.ts'

let page: PageServer
beforeEach(async () => {
  page = await servePage(text(''))
})
afterEach(() => page.close())

const open = () => dcgm.open({ id: 'gpu-01', host: '', options: dcgm.settings.parse({ url: page.url }) })
/** Who holds each GPU by one session that reads these pages. The last page counts. */
const podsOf = async (...pages: string[][]) => {
  const session = open()
  let readings: Awaited<ReturnType<typeof session.read>> = []
  for (const rows of pages) {
    page.answer = text(`${rows.join('\n')}\n`)
    readings = await session.read(new AbortController().signal)
  }
  return readings.map(
    ({ sample }) => sample.holders?.map(({ owner }) => owner['pod']).join('+') || sample.state,
  )
}

/**
 * Rows as a Prometheus shows them: labels of the target (`instance`, `job`, `pod` ...) are added to those of the page; where they clash,
 * `honor_labels` decides (Prometheus, Configuration, scrape_config). Clashes in the field: NVIDIA/dcgm-exporter issue 85.
 */
const row = (gpu: number, labels: string, target = TARGET) =>
  `DCGM_FI_DEV_GPU_UTIL{gpu="${gpu}",${target},${labels}} 0`
const TARGET = 'instance="192.0.2.7:9400",job="nodes"'
const OWN = 'pod="metrics-7xk2p",namespace="monitoring",container="exporter"'
const tenant = (pod: string) => `pod="${pod}",namespace="team-a",container="main"`

describe('a page that came through a Prometheus: the exporter’s pod, of any name, holds no GPU', () => {
  test('when it is on all GPUs, and none was ever held', async () => {
    expect(await podsOf([row(0, OWN), row(1, OWN)])).toEqual(['idle', 'idle'])
  })

  test('when rows of the same target that are no GPU’s have it (honor_labels: true)', async () => {
    const rows = [row(0, tenant('train-0')), row(1, OWN), `up{${TARGET},${OWN}} 1`]
    expect(await podsOf(rows)).toEqual(['train-0', 'idle'])
  })

  test('when it bears the name of its service, or of its job', async () => {
    const service = `${TARGET},service="metrics"`
    expect(await podsOf([row(0, tenant('train-0'), service), row(1, OWN, service)])).toEqual([
      'train-0',
      'idle',
    ])
    const job = 'instance="192.0.2.7:9400",job="monitoring/metrics"'
    expect(await podsOf([row(0, tenant('train-0'), job), row(1, OWN, job)])).toEqual(['train-0', 'idle'])
  })

  test('when it was alone on the page before somebody came (honor_labels: true)', async () => {
    expect(await podsOf([row(0, OWN), row(1, OWN)], [row(0, tenant('train-0')), row(1, OWN)])).toEqual([
      'train-0',
      'idle',
    ])
  })

  test('and a tenant that then has every GPU is not taken for it', async () => {
    const all = [0, 1].map((gpu) => row(gpu, tenant('train-0')))
    expect(await podsOf([row(0, OWN), row(1, OWN)], all)).toEqual(['train-0', 'train-0'])
    expect(await podsOf([...all, `up{${TARGET},${OWN}} 1`])).toEqual(['train-0', 'train-0'])
  })
})

test('rows of other targets say nothing about the exporter', async () => {
  const other = `kube_pod_info{instance="192.0.2.9:8080",job="kube-state-metrics",${tenant('train-0')}} 1`
  expect(await podsOf([row(0, tenant('train-0')), row(1, tenant('train-1')), other])).toEqual([
    'train-0',
    'train-1',
  ])
})

test('on the exporter’s own page a pod that has every GPU is a tenant', async () => {
  const direct = (gpu: number) =>
    `DCGM_FI_DEV_GPU_UTIL{gpu="${gpu}",Hostname="node-1",${tenant('train-0')}} 0`
  expect(await podsOf([direct(0), direct(1)])).toEqual(['train-0', 'train-0'])
})

test('with MIG, a pod on one instance is not the exporter’s though another has the other one', async () => {
  const mig = (instance: number, labels: string) =>
    row(0, `GPU_I_ID="${instance}",GPU_I_PROFILE="3g.40gb",${labels}`)
  expect(await podsOf([mig(1, tenant('train-0')), mig(2, tenant('train-1'))])).toEqual(['train-0+train-1'])
})
