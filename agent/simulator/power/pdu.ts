import { createSocket, type Socket } from 'node:dgram'
import { createAgent } from 'net-snmp'
import { explainAddress } from '../base/listener.ts'
import type { GpuHost } from '../gpu/host.ts'
import { type PduFace, PduMib, type ShownPart } from './pdu-face.ts'
import { PDU_FACES } from './pdu-faces.ts'

/** the counters' value when the simulation begins, Wh */
const COUNTED_BEFORE_WH = 1_444_088

interface SnmpAgent {
  getAuthorizer(): { addCommunity(community: string): void }
}

/** Power and energy through one inlet or outlet. */
class Draw {
  powerW = 0
  /** true energy since the simulation began, J */
  energyJ = 0

  advance(dtS: number, powerW: number): void {
    this.powerW = powerW
    this.energyJ += powerW * dtS
  }

  /** growth of its counter since the simulation began, whole Wh */
  get countedWh(): number {
    return Math.floor(this.energyJ / 3600)
  }
}

/** A rack PDU with a GPU host on each outlet, on SNMP 1 and 2c over UDP, community `public`. Nothing can be written. */
export class Pdu {
  readonly id: string
  readonly host: string
  readonly inlet = new Draw()
  readonly outlets: readonly { host: Pick<GpuHost, 'name' | 'wallW'>; draw: Draw }[]
  #port: number
  #socket: Socket | undefined
  #mib: PduMib | undefined
  #upS = 0

  readonly #face: PduFace

  /** @param port 0 takes any free port at the first opening and keeps it */
  constructor(
    id: string,
    host: string,
    port: number,
    hosts: readonly Pick<GpuHost, 'name' | 'wallW'>[],
    face: PduFace = PDU_FACES[0],
  ) {
    this.#face = face
    this.id = id
    this.host = host
    this.#port = port
    this.outlets = hosts.map((gpuHost) => ({ host: gpuHost, draw: new Draw() }))
  }

  get port(): number {
    return this.#port
  }

  advance(dtS: number): void {
    for (const { host, draw } of this.outlets) draw.advance(dtS, host.wallW)
    this.inlet.advance(
      dtS,
      this.outlets.reduce((sum, { draw }) => sum + draw.powerW, 0),
    )
    this.#upS += dtS
    this.#mib?.show(this.#upS)
  }

  /** Its inlet and outlets, by deviceId. */
  draws(): [deviceId: string, draw: Draw][] {
    const outlets = this.outlets.map(({ draw }, i): [string, Draw] => [`${this.id}/outlet${i + 1}`, draw])
    return [[`${this.id}/inlet`, this.inlet], ...outlets]
  }

  /** @throws PerwattError that names the address which is not available, and says what to do */
  async open(): Promise<void> {
    if (this.#socket) return
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(explainAddress(`simulated ${this.id}`, this.host, this.#port, error))
      })
      socket.bind(this.#port, this.host, resolve)
    })
    socket.removeAllListeners('error')
    this.#port = socket.address().port
    this.#socket = socket
    const mib = new PduMib(
      this.#face,
      this.#shown(this.id, this.inlet),
      this.outlets.map((outlet) => this.#shown(outlet.host.name, outlet.draw)),
    )
    const agent = createAgent(
      {
        // net-snmp would bind the socket itself and replace port 0 by 161, so it gets a socket that is already bound
        dgramModule: { createSocket: () => Object.assign(socket, { bind: () => socket }) },
        disableAuthorization: false,
      },
      // ignore datagrams that are no SNMP, or have another community
      () => {},
      mib.mib,
    ) as SnmpAgent
    agent.getAuthorizer().addCommunity('public')
    mib.show(this.#upS)
    this.#mib = mib
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    this.#mib = undefined
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #shown(name: string, draw: Draw): ShownPart {
    return {
      name,
      get powerW() {
        return draw.powerW
      },
      get countedWh() {
        return COUNTED_BEFORE_WH + draw.countedWh
      },
    }
  }
}
