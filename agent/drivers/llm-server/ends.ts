import { UNPAID_FAULTS } from '../../../protocol/unpaid-faults.ts'
import type { LlmFormat } from './formats/format.ts'
import { countsTokens, fits, has, llmCounters, type Page, seriesOf, storeOn, total } from './metrics.ts'

/**
 * What a server is where prefill and decode are apart: the prefill end computes the prompt and hands the request on with its first
 * token, the decode end counts the same prompt again and generates the rest. `whole` does both.
 */
export type ServerEnd = 'whole' | 'prefill' | 'decode'

/** What a server may sell by its page alone. */
export interface EndOfPage {
  end: ServerEnd
  input: boolean
  output: boolean
  /** true: input that came from elsewhere is sold as well, as it came from a store of the server's own */
  elsewhere?: true
  /** what the page does not tell, and what to set; what could be sold twice is held back then */
  unsure?: string
}

const WHOLE: EndOfPage = { end: 'whole', input: true, output: true }
/** Each prompt passes one prefill end, which sells all of it, wherever a part of it was kept. */
const PREFILL: EndOfPage = { end: 'prefill', input: true, output: false, elsewhere: true }
/** What a decode end computed itself is its own sale, where the page tells how much that is. */
const DECODE: EndOfPage = { end: 'decode', input: true, output: true }
const BY_SETTINGS: Readonly<Record<ServerEnd, EndOfPage>> = {
  whole: { ...WHOLE, elsewhere: true },
  prefill: PREFILL,
  decode: DECODE,
}

/** Labels by which exporters tell apart the servers whose metrics they show on one page: Ray, SGLang's gateway, Prometheus. */
const SERVER_LABELS = ['WorkerId', 'ReplicaId', 'worker_addr', 'instance', 'pod']

/** Of a page on which both ends stand: what each labels as its own, and what is neither's. */
const LABELLED: readonly EndOfPage[] = [PREFILL, { end: 'decode', input: false, output: true }]
const NOBODYS: EndOfPage = {
  end: 'whole',
  input: false,
  output: false,
  unsure:
    'shows a prefill and a decode end, and token counters that say of neither that they are its own: read each end by its own page, with end: prefill and end: decode',
}
const ONE_TOKEN =
  'answers every request with one token: if another server goes on with them, set end: prefill here and end: decode there; if not, set end: whole'
const RECEIVED =
  'works on input that came from elsewhere and does not tell how much: if a prefill end computed it, set end: decode; if it is from a cache of its own, set end: whole'
const STORE = `works on input from a store that a prefill end may have filled: if one did, set end: decode; if the store is this server’s own, set end: whole; ${UNPAID_FAULTS.unknownEnd}`
const WORKER =
  'is of a worker that may be a decode end: set end: decode if there are prefill workers, else end: whole; or read the page of the frontend'

/** One server of a page: its series, and what its end is. */
export interface Server {
  key: string
  page: Page
  end: EndOfPage
}

/**
 * The servers whose token counters stand on a page, each with its end.
 * @param set the end that the settings say; undefined: the page tells
 */
export function serversOn(page: Page, format: LlmFormat, set: ServerEnd | undefined): Server[] {
  if (set) return [{ key: '', page, end: BY_SETTINGS[set] }]
  const store = storeOn(page, format)
  return [...byServer(page)].flatMap(([key, own]) => {
    if (!countsTokens(own, format)) return []
    const [prefill, decode] = [labelled(own, format, 'prefill'), labelled(own, format, 'decode')]
    if (prefill.length === 0 || decode.length === 0)
      return [{ key, page: own, end: endOf(own, format, store) }]
    const rest = own.filter((series) => !prefill.includes(series) && !decode.includes(series))
    return [prefill, decode, rest].flatMap((part, i) =>
      countsTokens(part, format) ? [{ key: `${key} ${i}`, page: part, end: LABELLED[i] ?? NOBODYS }] : [],
    )
  })
}

function byServer(page: Page): Map<string, Page> {
  const servers = new Map<string, Page[number][]>()
  for (const series of page) {
    const key = SERVER_LABELS.map((label) => series.labels.get(label) ?? '').join(' ')
    const own = servers.get(key)
    if (own) own.push(series)
    else servers.set(key, [series])
  }
  return servers
}

const labelled = (page: Page, { ends }: LlmFormat, end: 'prefill' | 'decode'): Page =>
  page.filter(({ labels }) => ends?.[end].some((where) => fits(labels, where)))

/** @param store the store of KV blocks that the page shows */
function endOf(page: Page, format: LlmFormat, store: ReturnType<typeof storeOn>): EndOfPage {
  if (labelled(page, format, 'prefill').length > 0) return PREFILL
  if (labelled(page, format, 'decode').length > 0) return DECODE
  const { apart } = format
  if (!apart) return WHOLE
  const shows = (begins: readonly string[] = []) => begins.some((name) => has(page, name))
  const { workerLabel } = apart
  const isWorker = workerLabel !== undefined && page.some(({ labels }) => labels.has(workerLabel))
  const tells = shows(apart.decodeTells)
  const hasReceived = (apart.received ?? []).some((figure) => (total(seriesOf(page, [figure])) ?? 0) > 0)
  if (oneTokenEach(page, format)) {
    const { elsewhere, ...prefill } = PREFILL
    // a decode end may answer with one token too: what it received is not its own
    if (shows(apart.transfers)) return store && !hasReceived ? PREFILL : prefill
    // where the decode end can't tell what it received, it sells the input as its own
    return { end: 'whole', input: tells, output: false, unsure: ONE_TOKEN }
  }
  const elsewhere = total(seriesOf(page, format.tokensInElsewhere))
  if (store === 'shared' || (store === 'own' && (isWorker || shows(apart.transfers)))) {
    if (elsewhere !== undefined) return elsewhere > 0 ? { ...WHOLE, unsure: STORE } : WHOLE
    return tells && !hasReceived ? WHOLE : { ...WHOLE, input: false, unsure: STORE }
  }
  if (store === 'own') return { ...WHOLE, elsewhere: true }
  if (elsewhere !== undefined) return WHOLE
  if (hasReceived) return { ...WHOLE, input: false, unsure: RECEIVED }
  return isWorker && !tells ? { ...WHOLE, input: false, unsure: WORKER } : WHOLE
}

/** Whether requests were answered with one token each, as a prefill end does. A person may have tried it by hand with a longer one. */
function oneTokenEach(page: Page, format: LlmFormat): boolean {
  const about = (tokens: number | undefined, requests: number | undefined) =>
    !!requests && tokens !== undefined && tokens > 0.95 * requests && tokens < 1.05 * requests
  const { limits } = format.apart ?? {}
  const sum = (name: string) => total(seriesOf(page, [{ name }]))
  if (limits && sum(limits.count) !== undefined) return about(sum(limits.sum), sum(limits.count))
  const { tokensOut, requestsServed } = llmCounters(page, format)
  return about(
    [...tokensOut.values()].reduce((all, tokens) => all + tokens, 0),
    requestsServed,
  )
}
