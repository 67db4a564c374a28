import { Socket } from 'node:net'
import { client } from 'jsmodbus'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { NoAnswer } from '../../protocol/kit/retry.ts'

/** The two functions that read numbers; no other function code is sent. */
export const READ_FUNCTIONS = { 3: 'read holding registers', 4: 'read input registers' } as const
export type ReadFunction = keyof typeof READ_FUNCTIONS

/** Exception codes of the Modbus application protocol 1.1b3, section 7. */
const EXCEPTIONS: Record<number, string> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  5: 'acknowledge',
  6: 'server device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target device failed to respond',
}

/** The library's own time-out, longer than any poll: the signal is the deadline, this only bounds a request without one. */
const BACKSTOP_MS = 30_000

type Client = InstanceType<typeof client.TCP>

export interface ModbusAddress {
  host: string
  port: number
  unit: number
}

/** Reads registers of one unit over one kept connection; after an error the next read opens a new one. */
export class ModbusTcp {
  readonly #address: ModbusAddress
  #client: Client | undefined
  /** an answer that the library could not decode */
  #garbled: Error | undefined

  constructor(address: ModbusAddress) {
    this.#address = address
  }

  /**
   * @param start register address as on the wire (from 0)
   * @returns two bytes a register, as sent
   * @throws PerwattError `unreachable` or `modbus-exception`; the signal's reason when it ends the wait
   */
  async read(fn: ReadFunction, start: number, count: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted()
    const hangUp = () => this.close()
    signal.addEventListener('abort', hangUp, { once: true })
    this.#garbled = undefined
    try {
      const connected = this.#client ?? (await this.#connect())
      const { response } = await (fn === 3
        ? connected.readHoldingRegisters(start, count)
        : connected.readInputRegisters(start, count))
      const bytes = response.body.valuesAsBuffer
      if (bytes.length !== 2 * count)
        throw new Error(`it sent ${bytes.length / 2} registers where ${count} were asked for`)
      return bytes
    } catch (error) {
      throw this.#explained(error, fn, start, signal)
    } finally {
      signal.removeEventListener('abort', hangUp)
    }
  }

  close(): void {
    this.#client?.socket.destroy()
    this.#client = undefined
  }

  #connect(): Promise<Client> {
    const socket = new Socket()
    // construct the client before connecting: it listens for the socket's `connect`
    const opened = new client.TCP(socket, this.#address.unit, BACKSTOP_MS)
    this.#client = opened
    this.#guard(socket)
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', () => {
        if (this.#client === opened) this.#client = undefined
        reject(new Error('the connection was closed'))
      })
      socket.setNoDelay(true).connect(this.#address.port, this.#address.host, () => resolve(opened))
    })
  }

  /** jsmodbus 5 throws inside its listener at an unknown exception code; uncaught, that would end the agent. */
  #guard(socket: Socket): void {
    const listeners = socket.listeners('data')
    socket.removeAllListeners('data')
    socket.on('data', (bytes) => {
      try {
        for (const listener of listeners) listener.call(socket, bytes)
      } catch {
        this.#garbled = new Error(
          `it answers ${bytes.subarray(0, 16).toString('hex')}, which is not Modbus TCP`,
        )
        socket.destroy()
      }
    })
  }

  #explained(error: unknown, fn: ReadFunction, start: number, signal: AbortSignal): Error {
    const { host, port, unit } = this.#address
    const where = `unit ${unit} at ${host}:${port}`
    const code = exceptionCode(error)
    if (code === undefined) this.close()
    const next = 'check power, network and that Modbus TCP is on'
    if (signal.aborted) {
      const { reason } = signal
      return reason instanceof NoAnswer
        ? new PerwattError('unreachable', `${reasonOf(reason)} from ${where}; ${next}, and the unit number`)
        : reason
    }
    if (code !== undefined) {
      const name = EXCEPTIONS[code] ?? 'an unknown exception'
      const advice = code >= 10 ? 'check the unit number and the wiring' : 'check the register map'
      return new PerwattError(
        'modbus-exception',
        `${where} answers "${name}" (exception ${code}) to function ${fn}, register ${start}; ${advice}`,
      )
    }
    const reason = this.#garbled?.message ?? messageOf(error)
    return new PerwattError('unreachable', `no registers from ${where}: ${reason}; ${next}`)
  }
}

/** jsmodbus rejects with plain objects that carry a message. */
const messageOf = (error: unknown): string =>
  error instanceof Error ? reasonOf(error) : String((error as { message?: unknown }).message)

function exceptionCode(error: unknown): number | undefined {
  const { err, response } = error as { err?: unknown; response?: { body?: { code?: unknown } } }
  const code = response?.body?.code
  return err === 'ModbusException' && typeof code === 'number' ? code : undefined
}
