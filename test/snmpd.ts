import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSession } from 'net-snmp'

/** The SNMPv3 user of every test agent, in the form of a configuration. */
export const READER = {
  user: 'reader',
  auth: { protocol: 'sha256', password: 'auth-pass-1' },
  privacy: { protocol: 'aes', password: 'priv-pass-1' },
} as const

const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0'

export interface SnmpdOptions {
  /** lines of `snmpwalk -On`; below `1.3.6.1.2.1` only sysObjectID is used, and snmpd answers the rest itself */
  walk: string
  /** true: the agent answers SNMPv1 alone */
  onlyV1?: boolean
}

export interface Snmpd {
  port: number
  /** `true`: stops answering, as an agent whose processor is busy; `false`: answers again */
  hang(hung: boolean): void
  /** the same agent after a power cut, with the values of another walk */
  restart(walk: string): Promise<void>
  stop(): Promise<void>
}

/** Debian's snmpd (net-snmp) on a loopback port of its own, with the values of a walk. */
export async function startSnmpd(options: SnmpdOptions): Promise<Snmpd> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-snmpd-'))
  const port = await freeUdpPort()
  const config = join(folder, 'agent.conf')
  let child: ChildProcess
  const start = async (walk: string) => {
    writeFileSync(config, configOf(walk, port, options.onlyV1 === true))
    child = spawn('snmpd', ['-f', '-Lf', '/dev/null', '-C', '-c', config, '-p', join(folder, 'pid')], {
      stdio: 'ignore',
      // snmpd keeps its engine boots and keys in this folder; MIBS= keeps it from reading MIB files
      env: { PATH: `${process.env['PATH']}:/usr/sbin`, SNMP_PERSISTENT_DIR: folder, MIBS: '' },
    })
    await answering(port)
  }
  const end = async () => {
    child.kill('SIGCONT')
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGKILL')
    await gone
  }
  await start(options.walk)
  return {
    port,
    hang: (hung) => child.kill(hung ? 'SIGSTOP' : 'SIGCONT'),
    async restart(walk) {
      await end()
      await start(walk)
    },
    async stop() {
      await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const walkOf = (fixture: string): string =>
  readFileSync(new URL(`./fixtures/pdu/${fixture}.snmpwalk`, import.meta.url), 'utf8')

function configOf(walk: string, port: number, onlyV1: boolean): string {
  const { user, auth, privacy } = READER
  const access = onlyV1
    ? ['com2sec local default public', 'group readers v1 local', 'view all included .1']
        .concat('access readers "" v1 noauth exact all none none')
        .join('\n')
    : `rocommunity public\ncreateUser ${user} SHA-256 "${auth.password}" AES "${privacy.password}"\nrouser ${user} priv`
  return [`agentAddress udp:127.0.0.1:${port}`, access, ...walk.split('\n').flatMap(directive), ''].join('\n')
}

/** A line of a walk as a directive of snmpd's configuration. */
function directive(line: string): string[] {
  const [, oid = '', type = '', value = ''] = /^\.?([\d.]+) = (?:([A-Za-z-]+\d*): )?(.*)$/.exec(line) ?? []
  if (oid === SYS_OBJECT_ID) return [`sysObjectID ${value}`]
  if (!oid || oid.startsWith('1.3.6.1.2.1.') || oid.startsWith('1.3.6.1.6.')) return []
  switch (type) {
    case 'INTEGER':
      return [`override ${oid} integer ${value}`]
    case 'Gauge32':
    case 'Counter32':
      return [`override ${oid} uinteger ${value}`]
    case 'STRING':
      return value === '""' ? [] : [`override ${oid} octet_str "${value.replace(/^"|"$/g, '')}"`]
    default:
      return []
  }
}

/** A UDP port that was free a moment ago. */
function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}

async function answering(port: number): Promise<void> {
  // SNMPv1, because every agent here answers it
  const session = createSession('127.0.0.1', 'public', { version: 0, port, timeout: 50, retries: 100 })
  try {
    await new Promise<void>((resolve, reject) =>
      session.get([SYS_OBJECT_ID], (error) =>
        error ? reject(new Error('snmpd did not start; is it installed?', { cause: error })) : resolve(),
      ),
    )
  } finally {
    session.close()
  }
}
