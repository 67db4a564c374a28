import type { Location } from '../../protocol/device.ts'
import { UsageError } from '../../protocol/kit/errors.ts'
import type { AsicModel } from './asic/asic-model.ts'
import type { AsicFamily } from './asic/families.ts'
import type { AsicPorts } from './asic/family-servers.ts'
import { ASIC_MODELS } from './asic/models.ts'
import { MODELS_OF } from './asic/models-of.ts'
import type { PoolAccount } from './asic/stratum.ts'
import { type FeederPlace, feederPlaces } from './feeders.ts'
import { GPU_MODELS, type GpuModel, type GpuModelName } from './gpu/host.ts'
import { DEFAULT_LLM_PAGE } from './gpu/llm-pages.ts'
import { BMC_SHAPES, type BmcShape } from './power/bmc-shapes.ts'

export interface SiteOptions {
  seed: number
  /** default 42 */
  asics?: number
  /** families of miners, one container for each; default Antminers, Whatsminers and Avalons with stock firmware */
  families?: readonly AsicFamily[]
  /** 8 GPUs each; default 2 */
  gpuHosts?: number
  /** peak of the site's own solar panels, kW, and set power of its generator; default none */
  solarKw?: number
  generatorKw?: number
  /** the page of the LLM server, one of LLM_PAGES; default vLLM's */
  llm?: string
  /** models of the hosts' GPUs, in turn; default H100 and L40S */
  gpuModels?: readonly GpuModelName[]
  /** whether each GPU host has a BMC, of one shape after the other; default false */
  bmcs?: boolean
  /** `all`: a rack PDU of every family and a meter of every model feed the miners; default `few`: the site's own meter does */
  faces?: Faces
  /** address of the first machine, such as 127.10.0.1; the others follow it */
  baseAddress?: string
  /** factor by which events and jobs come faster; power and work stay true to the clock */
  timeScale?: number
  /** for tests; 0 takes any free port */
  ports?: Partial<SitePorts>
}

export const FACES = ['few', 'all'] as const
export type Faces = (typeof FACES)[number]

export interface SitePorts extends AsicPorts {
  dcgm: number
  bmc: number
  llm: number
  meter: number
  snmp: number
}

/** Each machine has its own address, so the ports are the real ones, except for 80, 161 and 502, which would need root. */
const PORTS: SitePorts = {
  asic: 4028,
  web: 4080,
  link: 4433,
  status: 6060,
  dcgm: 9400,
  bmc: 8443,
  llm: 8000,
  meter: 5020,
  snmp: 1161,
}

interface Place {
  id: string
  host: string
  location: Location
}

export interface AsicPlace extends Place {
  model: AsicModel
  mac: string
  pools: readonly [PoolAccount, ...PoolAccount[]]
}

export interface GpuPlace extends Place {
  model: GpuModel
  /** absent: it has no BMC */
  bmc?: BmcShape
}

export interface PduPlace extends Place {
  /** for each outlet, from the first: index of its host in `gpuHosts` */
  outlets: readonly number[]
}

export interface SourcePlace extends Place {
  generates: 'solar' | 'generator'
  /** peak, or set power */
  ratedW: number
}

export interface SiteLayout {
  ports: SitePorts
  asics: readonly AsicPlace[]
  gpuHosts: readonly GpuPlace[]
  /** on the first GPU host; absent without one */
  llm?: Place & { service: string; model: string; page: string }
  meter: Place
  /** one for each rack of GPU hosts */
  pdus: readonly PduPlace[]
  /** own generation, a meter each */
  sources: readonly SourcePlace[]
  /** what feeds the miners, behind the site's meter; empty: nothing does */
  feeders: readonly FeederPlace[]
}

/** One container for each of these families. */
export const DEFAULT_FAMILIES: readonly AsicFamily[] = ['antminer', 'whatsminer', 'avalon']
export const DEFAULT_GPU_MODELS: readonly GpuModelName[] = ['h100', 'l40s']
const SLOTS = 7
const HOSTS_PER_RACK = 4
export const GPUS_PER_HOST = 8
/** GPUs of the first host that the LLM server uses; the others are rented out */
export const LLM_GPUS = 4

const two = (n: number): string => String(n).padStart(2, '0')

/** Location and address of every machine; the same options give the same layout. @throws UsageError */
export function layoutSite(options: SiteOptions): SiteLayout {
  const {
    asics = 42,
    families = DEFAULT_FAMILIES,
    gpuHosts = 2,
    baseAddress = '127.10.0.1',
    bmcs = false,
  } = options
  const { gpuModels = DEFAULT_GPU_MODELS } = options
  if (gpuModels.length === 0) throw new UsageError(['gpuModels: expected at least one'])
  if (families.length === 0) throw new UsageError(['families: expected at least one'])
  for (const [name, count, most] of [
    ['asics', asics, 2000],
    ['gpuHosts', gpuHosts, 50],
  ] as const)
    if (!Number.isInteger(count) || count < 0 || count > most)
      throw new UsageError([`${name}: expected a whole number from 0 to ${most}, got ${count}`])
  const addresses = addressesFrom(baseAddress)
  const address = () => addresses.next().value

  const perContainer = Math.ceil(asics / families.length)
  const asicPlaces = Array.from({ length: asics }, (_, i) => {
    const container = Math.floor(i / perContainer)
    const family = families[container] ?? 'antminer'
    return asicPlace(i, container, family, i % perContainer, perContainer, address())
  })
  const gpuPlaces = Array.from({ length: gpuHosts }, (_, i) => ({
    id: `gpu-${two(i + 1)}`,
    host: address(),
    location: {
      container: 'AI',
      rack: `R${two(Math.floor(i / HOSTS_PER_RACK) + 1)}`,
      slot: `S${two((i % HOSTS_PER_RACK) + 1)}`,
    },
    model: GPU_MODELS[gpuModels[i % gpuModels.length] ?? 'h100'],
    ...(bmcs && { bmc: BMC_SHAPES[i % BMC_SHAPES.length] ?? 'plain' }),
  }))
  const [first] = gpuPlaces
  return {
    ports: { ...PORTS, ...options.ports },
    asics: asicPlaces,
    gpuHosts: gpuPlaces,
    ...(first && {
      llm: {
        id: 'llm-chat',
        host: first.host,
        location: first.location,
        service: 'chat',
        model: 'demo-chat-70b',
        page: options.llm ?? DEFAULT_LLM_PAGE,
      },
    }),
    meter: { id: 'site-meter', host: address(), location: { container: 'GRID' } },
    pdus: Array.from({ length: Math.ceil(gpuHosts / HOSTS_PER_RACK) }, (_, rack) => ({
      id: `pdu-${two(rack + 1)}`,
      host: address(),
      location: { container: 'AI', rack: `R${two(rack + 1)}` },
      outlets: gpuPlaces.map((_, i) => i).slice(rack * HOSTS_PER_RACK, (rack + 1) * HOSTS_PER_RACK),
    })),
    sources: (['solar', 'generator'] as const).flatMap((generates): SourcePlace[] => {
      const kw = generates === 'solar' ? options.solarKw : options.generatorKw
      if (!kw) return []
      return [
        { id: generates, host: address(), location: { container: 'GRID' }, generates, ratedW: kw * 1000 },
      ]
    }),
    feeders: options.faces === 'all' ? feederPlaces(asics, address) : [],
  }
}

function asicPlace(
  index: number,
  container: number,
  family: AsicFamily,
  inContainer: number,
  perContainer: number,
  host: string,
): AsicPlace {
  const name = `C${two(container + 1)}`
  const rack = two(Math.floor(inContainer / SLOTS) + 1)
  const slot = two((inContainer % SLOTS) + 1)
  const worker = `${name.toLowerCase()}r${rack}s${slot}`
  const [even, odd] = MODELS_OF[family]
  // one old S9 is left in the Antminers' container, because many sites still have one
  const old = family === 'antminer' && inContainer === perContainer - 1 && perContainer > 2
  return {
    id: `${name.toLowerCase()}-r${rack}-s${slot}`,
    host,
    location: { container: name, rack: `R${rack}`, slot: `S${slot}` },
    model: old ? ASIC_MODELS.s9 : Number(rack) % 2 === 1 ? even : odd,
    mac: `02:0a:00:00:${hex(index >> 8)}:${hex((index & 0xff) + 1)}`,
    pools: container % 3 < 2 ? firstPool(worker) : secondPool(worker),
  }
}

const hex = (n: number): string => (n & 0xff).toString(16).padStart(2, '0')

const firstPool = (worker: string): AsicPlace['pools'] => [
  { url: 'stratum+tcp://btc.pool.example:3333', user: `demosite.${worker}` },
  { url: 'stratum+tcp://backup.pool.example:3333', user: `demosite.${worker}` },
  { url: 'stratum+tcp://btc.pool.example:443', user: `demosite.${worker}` },
]
const secondPool = (worker: string): AsicPlace['pools'] => [
  { url: 'stratum+tcp://eu.sharepool.example:3333', user: `demosite-b.${worker}` },
  { url: 'stratum+tcp://us.sharepool.example:3333', user: `demosite-b.${worker}` },
  { url: 'stratum+tcp://btc.pool.example:3333', user: `demosite.${worker}` },
]

/** Consecutive addresses, except those that end in 0 or 255. @throws UsageError outside 127.0.0.0/8 */
function* addressesFrom(base: string): Generator<string, never> {
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(base)?.slice(1).map(Number)
  if (!parts?.every((p) => p <= 255))
    throw new UsageError([`base: expected a loopback address such as 127.10.0.1, got ${base}`])
  for (let n = parts.reduce((sum, p) => sum * 256 + p, 0); n < 1 << 24; n++) {
    const last = n & 0xff
    if (last !== 0 && last !== 255) yield `127.${n >> 16}.${(n >> 8) & 0xff}.${last}`
  }
  throw new UsageError([`base: too few loopback addresses from ${base} on; begin lower`])
}
