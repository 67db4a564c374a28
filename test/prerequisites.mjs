// What the tests run against besides npm's packages: a real broker, a real time-series server, a real browser, a real SNMP
// agent. On Debian as root they are installed; elsewhere the command to run is named. Plain JavaScript: it runs before any
// build.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = [
  { program: 'mosquitto', package: 'mosquitto', service: 'mosquitto' },
  { program: 'influxd', package: 'influxdb', service: 'influxdb' },
  { program: 'faketime', package: 'faketime' },
  { program: 'snmpd', package: 'snmpd', service: 'snmpd' },
  { program: 'chromium', package: 'chromium' },
  { program: 'promtool', package: 'prometheus', service: 'prometheus' },
  { program: 'systemd-analyze', package: 'systemd' },
  { program: 'gcc', package: 'gcc' },
  { program: 'the headers of the C library', file: '/usr/include/stdio.h', package: 'libc6-dev' },
  { program: 'openssl', package: 'openssl' },
  { program: 'script', package: 'bsdutils' },
]
const OLDEST_NODE = [20, 19]
const POLICY = '/usr/sbin/policy-rc.d'

/** Debian keeps servers in /usr/sbin, where only root's PATH looks. */
function isInstalled({ program, file }) {
  if (file) return existsSync(file)
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => isExecutable(join(folder, program)))
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function apt(...args) {
  const command = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', ...args]
  console.error(`prerequisites: ${command.join(' ')}`)
  const { status, error } = spawnSync(command[0], command.slice(1), {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 900_000,
  })
  if (status !== 0)
    throw new Error(`apt-get failed (${error?.message ?? `exit ${status}`}); see its last lines above`)
}

/** Installs without starting servers: the tests start their own, and nothing may listen on the site's ports. */
function install(missing) {
  const hasPolicy = existsSync(POLICY)
  if (!hasPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...missing.map((part) => part.package))
  } finally {
    if (!hasPolicy) rmSync(POLICY, { force: true })
  }
  // Installing also enables them for the next boot.
  const services = missing.flatMap((part) => part.service ?? [])
  if (existsSync('/run/systemd/system') && services.length > 0)
    spawnSync('systemctl', ['disable', '--now', ...services], { stdio: ['ignore', 2, 2], timeout: 60_000 })
}

function check() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    throw new Error(
      `Node ${process.versions.node} is too old; install Node ${OLDEST_NODE.join('.')} or newer`,
    )

  const missing = PROGRAMS.filter((part) => !isInstalled(part))
  if (missing.length === 0) return
  const names = missing.map((part) => part.program).join(', ')
  const packages = missing.map((part) => part.package).join(' ')
  if (!isInstalled({ program: 'apt-get' }))
    throw new Error(`the tests need ${names} in PATH; install them with this system's package manager`)
  if (process.getuid?.() !== 0)
    throw new Error(
      `the tests need ${names}; run: sudo apt-get update && sudo apt-get install -y ${packages}`,
    )

  console.error(`prerequisites: the tests need ${names}; installing ${packages}`)
  install(missing)
  const still = missing.filter((part) => !isInstalled(part)).map((part) => part.program)
  if (still.length > 0)
    throw new Error(`${still.join(', ')} not found after the installation; is it in PATH?`)
}

// Ctrl-C ends apt-get, which it reaches too; this process lives on to take its policy file away.
process.on('SIGINT', () => {})
try {
  check()
} catch (error) {
  console.error(`prerequisites: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 2
}
