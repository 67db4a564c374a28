import { createSocket, type Socket } from 'node:dgram'
import { createAgent, createMib, MaxAccess, MibProviderType, ObjectType } from 'net-snmp'
import { explainAddress } from '../base/listener.ts'
import type { GpuHost } from '../gpu/host.ts'

/** PDU2-MIB, filled as by a Raritan PX3. */
const PDU2 = '1.3.6.1.4.1.13742.6'
const MODEL = 'PX3-5190V'
/** SensorTypeEnumeration */
const POWER = 5
const ENERGY = 8
/** SensorStateEnumeration: normal(4) */
const NORMAL = 4
/** the counters' value when the simulation begins, Wh */
const COUNTED_BEFORE_WH = 1_444_088

/** The part of net-snmp's MIB that is used here, because its type definitions lack it. */
interface Mib {
  registerProvider(provider: object): void
  addTableRow(table: string, row: (number | string)[]): void
  setTableSingleCell(table: string, column: number, row: number[], value: number): void
  setScalarValue(scalar: string, value: number | string): void
  providers: object
  providersByOid: Record<string, object>
}
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
  readonly outlets: readonly { host: GpuHost; draw: Draw }[]
  #port: number
  #socket: Socket | undefined
  #mib: Mib | undefined
  #upS = 0

  /** @param port 0 takes any free port at the first opening and keeps it */
  constructor(id: string, host: string, port: number, hosts: readonly GpuHost[]) {
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
    this.#show()
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
    const mib = emptyMib()
    const agent = createAgent(
      {
        // net-snmp would bind the socket itself and replace port 0 by 161, so it gets a socket that is already bound
        dgramModule: { createSocket: () => Object.assign(socket, { bind: () => socket }) },
        disableAuthorization: false,
      },
      // ignore datagrams that are no SNMP, or have another community
      () => {},
      mib,
    ) as SnmpAgent
    agent.getAuthorizer().addCommunity('public')
    this.#fill(mib)
    this.#mib = mib
    this.#show()
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    this.#mib = undefined
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #fill(mib: Mib): void {
    scalar(mib, 'sysObjectID', '1.3.6.1.2.1.1.2', ObjectType.OID, PDU2)
    scalar(mib, 'sysUpTime', '1.3.6.1.2.1.1.3', ObjectType.TimeTicks, 0)
    table(mib, 'nameplate', `${PDU2}.3.2.1.1`, 1, { 3: ObjectType.OctetString, 4: ObjectType.OctetString })
    mib.addTableRow('nameplate', [1, MODEL, this.id.toUpperCase()])
    for (const [part, config, sensors, values] of [
      ['inlet', '3.3.3.1', '3.3.4.1', '5.2.3.1'],
      ['outlet', '3.5.3.1', '3.5.4.1', '5.4.3.1'],
    ] as const) {
      table(mib, part, `${PDU2}.${config}`, 2, { 2: ObjectType.OctetString, 3: ObjectType.OctetString })
      table(mib, `${part}Digits`, `${PDU2}.${sensors}`, 3, { 7: ObjectType.Gauge })
      table(mib, `${part}Values`, `${PDU2}.${values}`, 3, { 3: ObjectType.Integer, 4: ObjectType.Gauge })
    }
    const names = this.outlets.map(({ host }) => host.name)
    for (const [part, index, name] of [
      ['inlet', 1, ''] as const,
      ...names.map((host, i) => ['outlet', i + 1, host] as const),
    ]) {
      mib.addTableRow(part, [1, index, String(index), name])
      for (const sensor of [POWER, ENERGY]) {
        mib.addTableRow(`${part}Digits`, [1, index, sensor, 0])
        mib.addTableRow(`${part}Values`, [1, index, sensor, NORMAL, 0])
      }
    }
  }

  #show(): void {
    const mib = this.#mib
    if (!mib) return
    mib.setScalarValue('sysUpTime', Math.round(this.#upS * 100))
    const show = (values: string, index: number, draw: Draw) => {
      mib.setTableSingleCell(values, 4, [1, index, POWER], Math.round(draw.powerW))
      mib.setTableSingleCell(values, 4, [1, index, ENERGY], COUNTED_BEFORE_WH + draw.countedWh)
    }
    show('inletValues', 1, this.inlet)
    this.outlets.forEach(({ draw }, i) => {
      show('outletValues', i + 1, draw)
    })
  }
}

/** net-snmp keeps its providers in a Proxy whose set trap returns nothing, which is an error in strict mode, so in the built ES module. */
function emptyMib(): Mib {
  const mib = createMib() as Mib
  const byOid: Mib['providersByOid'] = {}
  mib.providersByOid = byOid
  mib.providers = new Proxy<Record<string | symbol, { oid: string }>>(
    {},
    {
      set(target, name, provider: { oid: string }) {
        target[name] = provider
        byOid[provider.oid] = provider
        return true
      },
    },
  )
  return mib
}

const readOnly = MaxAccess['read-only']

function scalar(mib: Mib, name: string, oid: string, scalarType: ObjectType, value: number | string): void {
  mib.registerProvider({ name, type: MibProviderType.Scalar, oid, scalarType, maxAccess: readOnly })
  mib.setScalarValue(name, value)
}

/** Registers a table. @param indexed how many numbers its index has; they are no columns of the table */
function table(
  mib: Mib,
  name: string,
  oid: string,
  indexed: number,
  columns: Record<number, ObjectType>,
): void {
  const indices = Array.from({ length: indexed }, (_, i) => 101 + i)
  mib.registerProvider({
    name,
    type: MibProviderType.Table,
    oid,
    maxAccess: MaxAccess['not-accessible'],
    tableColumns: [
      ...indices.map((number) => ({
        number,
        name: `index${number}`,
        type: ObjectType.Integer,
        maxAccess: MaxAccess['not-accessible'],
      })),
      ...Object.entries(columns).map(([number, type]) => ({
        number: Number(number),
        name: `column${number}`,
        type,
        maxAccess: readOnly,
      })),
    ],
    tableIndex: indices.map((columnNumber) => ({ columnName: `index${columnNumber}` })),
  })
}
