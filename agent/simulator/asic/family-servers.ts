import type { Server } from 'node:net'
import { antminer } from './antminer.ts'
import { createStatusServer } from './antminer-status.ts'
import { antminerPages } from './antminer-web.ts'
import { auradine, auradinePages } from './auradine.ts'
import { avalon } from './avalon.ts'
import { axeos } from './axeos.ts'
import { braiins, braiinsPages } from './braiins.ts'
import type { Dialect } from './cgminer.ts'
import { createCgminerServer } from './cgminer-server.ts'
import { epic } from './epic.ts'
import type { AsicFamily } from './families.ts'
import { createFramedServer } from './framed-server.ts'
import { luxos } from './luxos.ts'
import type { AsicMachine } from './machine.ts'
import { proto } from './proto.ts'
import { sealminer } from './sealminer.ts'
import { unknownMiner } from './unknown-miner.ts'
import { vnish, vnishPages } from './vnish.ts'
import { createWebServer, type WebPages } from './web-server.ts'
import { whatsminer } from './whatsminer.ts'
import { whatsminer22 } from './whatsminer-2.2.ts'
import { whatsminerV3 } from './whatsminer-v3.ts'

/** Ports of the emulated machines; each machine has its own address. */
export interface AsicPorts {
  /** cgminer's API, or ePIC's web server */
  asic: number
  /** web interfaces; real machines use 80, which would need root here */
  web: number
  /** Whatsminer's API 3 */
  link: number
  /** watts and warnings of newer Antminers */
  status: number
}

/** A server that every machine of a family has. */
export interface FamilyServer {
  /** the driver's setting for its port */
  setting: 'port' | 'webPort' | 'apiPort' | 'statusPort'
  at: keyof AsicPorts
  /** the setting's default, if the emulated machine can use that port */
  defaultPort?: number
  serve(machine: AsicMachine, nowS: () => number): Server
}

const cgminer = (dialect: Dialect): FamilyServer => ({
  setting: 'port',
  at: 'asic',
  defaultPort: 4028,
  serve: (machine, nowS) => createCgminerServer(machine, dialect, nowS),
})
const web = (setting: FamilyServer['setting'], pages: WebPages): FamilyServer => ({
  setting,
  at: 'web',
  serve: (machine, nowS) => createWebServer(machine, pages, nowS),
})

export const FAMILY_SERVERS: Readonly<Record<AsicFamily, readonly [FamilyServer, ...FamilyServer[]]>> = {
  antminer: [
    cgminer(antminer),
    web('webPort', antminerPages),
    { setting: 'statusPort', at: 'status', defaultPort: 6060, serve: createStatusServer },
  ],
  whatsminer: [cgminer(whatsminer)],
  'whatsminer-2.2': [cgminer(whatsminer22)],
  avalon: [cgminer(avalon)],
  luxos: [cgminer(luxos)],
  vnish: [cgminer(vnish), web('webPort', vnishPages)],
  braiins: [cgminer(braiins), web('webPort', braiinsPages)],
  epic: [{ ...web('port', epic), at: 'asic', defaultPort: 4028 }],
  axeos: [web('port', axeos)],
  sealminer: [cgminer(sealminer)],
  auradine: [cgminer(auradine), web('apiPort', auradinePages)],
  proto: [web('port', proto)],
  cgminer: [cgminer(unknownMiner)],
  'whatsminer-v3': [
    {
      setting: 'port',
      at: 'link',
      defaultPort: 4433,
      serve: (machine, nowS) => createFramedServer(machine, whatsminerV3, nowS),
    },
  ],
}

/** Families whose driver reads more after a login. */
export const WITH_LOGIN: ReadonlySet<AsicFamily> = new Set(['antminer', 'auradine', 'braiins', 'vnish'])
