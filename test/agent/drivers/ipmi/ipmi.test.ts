import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import ipmi from '../../../../agent/drivers/ipmi/ipmi.ts'
import { withDeadline } from '../../../../protocol/kit/retry.ts'
import { soon } from '../../asic-harness.ts'
import { answers, fakeProgram } from '../../fake-program.ts'
import { captureOf, capturesIn, hasCapturesOf } from '../../host-captures.ts'

const dcmi = readFileSync('test/fixtures/power/ipmi-dcmi.txt', 'utf8')
const sensors = readFileSync('test/fixtures/power/ipmi-sensors.txt', 'utf8')
const NO_DCMI = 'echo "    DCMI request failed because: Invalid command (c1)"; exit 1'

const open = (program: string, settings: object = {}, host = '') =>
  ipmi.open({ id: 'gpu-01', host, options: ipmi.settings.parse({ program, ...settings }) })
const says = (byArguments: Record<string, string>) => fakeProgram('ipmitool', answers(byArguments))
const readOne = async (program: string, settings?: object) => (await open(program, settings).read(soon()))[0]

test('the watts of DCMI are the machine’s, by its own sensor', async () => {
  expect(await open(says({ 'dcmi power reading': dcmi })).read(soon())).toEqual([
    { identity: { kind: 'host' }, sample: { state: 'ok', powerW: 431, powerBasis: 'reported' } },
  ])
})

test('real watts are taken whatever the state field holds, and 0 W are unknown', async () => {
  const deactivated = dcmi.replace('activated', 'deactivated')
  expect((await readOne(says({ 'dcmi power reading': deactivated })))?.sample.powerW).toBe(431)
  const zero = deactivated.replaceAll(/\d+ Watts/g, '0 Watts')
  expect((await readOne(says({ 'dcmi power reading': zero })))?.sample).toEqual({
    state: 'unknown',
    faults: ['the BMC has no power reading; it may have no meter'],
  })
})

test('a BMC is asked over the network with the password in the environment, where nobody sees it', async () => {
  const program = fakeProgram('ipmitool', `echo "$*|$IPMI_PASSWORD" >> "$0.asked"; cat <<'END'\n${dcmi}\nEND`)
  const settings = { username: 'monitor', password: 'sesame', privilege: 'USER' }
  await open(program, settings, '192.0.2.7').read(soon())
  const login = '-I lanplus -H 192.0.2.7 -U monitor -E -L USER'
  expect(readFileSync(`${program}.asked`, 'utf8')).toBe(
    `${login} dcmi power reading|sesame\n${login} sdr elist full|sesame\n`,
  )
})

test('a BMC without DCMI is asked for the sensor of the whole machine, and from then on for nothing else', async () => {
  const program = fakeProgram(
    'ipmitool',
    `echo "$*" >> "$0.asked"; case "$1" in dcmi) ${NO_DCMI} ;; *) cat <<'END'\n${sensors}\nEND\n;; esac`,
  )
  const session = open(program)
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(448)
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(448)
  expect(readFileSync(`${program}.asked`, 'utf8').split('\n')).toEqual([
    'dcmi power reading',
    'sdr elist full',
    'sdr elist full',
    '',
  ])
})

/** `sdr elist full` of IBM's System x: ateodorescu/home-assistant-ipmi, issue 13 (2023-10-11). */
const TWO_SUPPLIES = `PS1 Power In     | 52h | ok  | 10.1 | 132 Watts
PS2 Power In     | 53h | ok  | 10.2 | 160 Watts`
const dcmiSays = (words: string) => dcmi.replace(/reading: +431 Watts/, `reading:                 ${words}`)

test('the inputs of the supplies are added where the machine has no sensor of its own', async () => {
  const program = says({
    'dcmi*': 'A valid DCMI command was not returned! (0)',
    'sdr elist full': TWO_SUPPLIES,
  })
  expect(await readOne(program)).toEqual({
    identity: { kind: 'host' },
    sample: { state: 'ok', powerW: 292, powerBasis: 'reported' },
  })
})

test.each(['no reading', 'na', 'No Reading', 'Disabled', 'Not Readable'])(
  'a supply with %j is absent, and the other one carries the machine',
  async (words) => {
    const rows = TWO_SUPPLIES.replace('160 Watts', words)
    const program = says({ 'dcmi*': 'A valid DCMI command was not returned! (0)', 'sdr elist full': rows })
    expect((await readOne(program))?.sample.powerW).toBe(132)
  },
)

test('outputs of supplies are used where they have no inputs, and are only an estimate', async () => {
  const asked = (rows: string) =>
    readOne(says({ 'dcmi*': 'A valid DCMI command was not returned! (0)', 'sdr elist full': rows }))
  const out = 'PSU1 POUT | 60h | ok | 10.1 | 110 Watts\nPSU2 POUT | 61h | ok | 10.2 | 130 Watts'
  expect((await asked(out))?.sample).toEqual({ state: 'ok', powerW: 240, powerBasis: 'estimated' })
  const both = `${out}\nPSU1 PIN | 62h | ok | 10.1 | 120 Watts\nPSU2 PIN | 63h | ok | 10.2 | 142 Watts`
  expect((await asked(both))?.sample).toEqual({ state: 'ok', powerW: 262, powerBasis: 'reported' })
})

test('a supply that says nonsense is not left out of the sum: a sum without it would look right', async () => {
  const rows = TWO_SUPPLIES.replace('160', '65535')
  const program = says({ 'dcmi power reading': dcmiSays('0 Watts'), 'sdr elist full': rows })
  expect((await readOne(program))?.sample).toEqual({
    state: 'unknown',
    faults: [
      'the BMC has no power reading; it may have no meter',
      "the sensor list says 65535 W, which is no machine's power; check the BMC's firmware",
    ],
  })
})

describe('a supply without a reading', () => {
  // columns of `sdr elist full` as in influxdata/telegraf, ipmi_sensor: `ns` and `No Reading`; entity 10 is a power supply (IPMI 2.0, table 43-13)
  const row = (name: string, state: string, entity: string, said: string) =>
    `${name.padEnd(16)} | 52h | ${state}  | ${entity} | ${said}`
  const supplies = (second: string[], ...others: string[][]) =>
    says({
      'dcmi*': 'A valid DCMI command was not returned! (0)',
      'sdr elist full': [
        ['PS1 Power In', 'ok', '10.1', '132 Watts'],
        ['PS1 Input Volts', 'ok', '10.1', '230 Volts'],
        second,
        ...others,
      ]
        .map(([name = '', state = '', entity = '', said = '']) => row(name, state, entity, said))
        .join('\n'),
    })

  test.each(['No Reading', 'Disabled', 'Not Readable'])(
    'that says %s is an empty bay where nothing else of it has one',
    async (said) => {
      const program = supplies(['PS2 Power In', 'ns', '10.2', said], ['PS2 Input Volts', 'ns', '10.2', said])
      expect((await readOne(program))?.sample.powerW).toBe(132)
    },
  )

  test.each([
    ['volts', ['PS2 Input Volts', 'ok', '10.2', '230 Volts']],
    ['its temperature', ['Temp', 'ok', '10.2', '41 degrees C']],
    ['its current', ['Current 2', 'ok', '10.2', '0.60 Amps']],
  ])('is there where it has %s, so the others’ sum is not the machine’s', async (_, other) => {
    const program = supplies(['PS2 Power In', 'ns', '10.2', 'No Reading'], other)
    expect((await readOne(program))?.sample).toMatchObject({
      state: 'unknown',
      faults: [expect.anything(), expect.stringContaining('the power of 1 of 2 supplies')],
    })
  })

  test('is not there because the supply beside it or the board has readings', async () => {
    const program = supplies(
      ['PS2 Power In', 'ns', '10.2', 'No Reading'],
      ['PS2 Input Volts', 'ok', '10.2', '0 Volts'],
      ['P12V', 'ok', '7.1', '12.1 Volts'],
    )
    expect((await readOne(program))?.sample.powerW).toBe(132)
  })
})

describe('several nodes or inputs in one list', () => {
  const WITHOUT_DCMI = 'A valid DCMI command was not returned! (0)'
  const listing = (rows: string) => says({ 'dcmi*': WITHOUT_DCMI, 'sdr elist full': rows })
  const row = (name: string, said: string) => `${name.padEnd(16)} | 52h | ok  |  7.1 | ${said}`

  // columns of ipmitool's `sdr elist`; the names are the two of a shared BMC in a chassis of several nodes
  test.each([
    ['Node 2 Power', 'Node 1 Power'],
    ['NODE2_PWR', 'NODE1_PWR'],
    ['Pwr Node B', 'Pwr Node A'],
    ['Blade 2 Power', 'Blade 1 Power'],
  ])('of %s and %s neither is taken, whatever their order, nor the supplies of both', async (other, own) => {
    const rows = [row(other, '300 Watts'), row(own, '600 Watts'), TWO_SUPPLIES].join('\n')
    const session = open(listing(rows))
    for (const _ of [1, 2])
      expect((await session.read(soon()))[0]?.sample).toEqual({
        state: 'unknown',
        faults: [
          `the BMC shows the powers of several nodes (${other}, ${own}); set sensor to this machine's`,
        ],
      })
    expect((await readOne(listing(rows), { sensor: own }))?.sample.powerW).toBe(600)
  })

  test('a node beside one that is off is not taken for the machine', async () => {
    const rows = `${row('Node 1 Power', 'no reading')}\n${row('Node 2 Power', '300 Watts')}`
    expect((await readOne(listing(rows)))?.sample.state).toBe('unknown')
  })

  test('the only node of a list is the machine, before what its chassis draws', async () => {
    const rows = `${row('Chassis Power', '5200 Watts')}\n${row('Node 2 Power', '300 Watts')}`
    expect((await readOne(listing(rows)))?.sample.powerW).toBe(300)
  })

  // names of a node's BMC in a frame of several: its own sensor, and the sum of all
  test.each(['0 Watts', '65535 Watts', 'no reading'])(
    'a node that says %s has not the power of all, nor of the supplies that feed all',
    async (said) => {
      const rows = (own: string) =>
        [row('Total_Power', '5200 Watts'), row('Node_Power', own), TWO_SUPPLIES].join('\n')
      expect((await readOne(listing(rows(said))))?.sample).toMatchObject({
        state: 'unknown',
        faults: [
          expect.stringContaining('no power reading'),
          ...(said.startsWith('6') ? [expect.any(String)] : []),
        ],
      })
      expect((await readOne(listing(rows('800 Watts'))))?.sample.powerW).toBe(800)
    },
  )

  // hot-swap controllers by the names of facebook/openbmc: HSC1_PWR reads READ_PIN of its controller
  test('inputs of hot-swap controllers add up; one without a reading leaves the machine unknown', async () => {
    const inputs = (second: string) =>
      [row('HSC1 Input Power', '610 Watts'), row('HSC2 Input Power', second)].join('\n')
    expect((await readOne(listing(inputs('590 Watts'))))?.sample.powerW).toBe(1200)
    expect((await readOne(listing(inputs('no reading'))))?.sample.state).toBe('unknown')
  })

  test('controllers that do not say what they measure are a fault, and a list of names adds them up', async () => {
    const rows = `${row('HSC1_PWR', '610 Watts')}\n${row('HSC2_PWR', '590 Watts')}`
    expect((await readOne(listing(rows)))?.sample).toEqual({
      state: 'unknown',
      faults: [
        "the BMC shows only hot-swap controllers, which do not say that they are its input (HSC1_PWR, HSC2_PWR); set sensor to this machine's",
      ],
    })
    expect((await readOne(listing(rows), { sensor: ['HSC1_PWR', 'HSC2_PWR'] }))?.sample.powerW).toBe(1200)
    await expect(readOne(listing(rows), { sensor: ['HSC1_PWR', 'HSC3_PWR'] })).rejects.toThrow(
      'no sensor HSC3_PWR;',
    )
  })
})

// 65535: Boards whose management engine has no PMBus supply; IPMI 2.0, 43.9 and DCMI 1.5, 6.6.1: a field of 16 bits
test.each(['65535 Watts', '0xFFFF Watts', '-1 Watts', '4294967295 Watts', 'nan Watts'])(
  'DCMI’s %j is no reading: the sensors are read, and the fault says so once',
  async (words) => {
    const session = open(says({ 'dcmi power reading': dcmiSays(words), 'sdr elist full': TWO_SUPPLIES }))
    const [first] = await session.read(soon())
    expect(first?.sample).toMatchObject({ state: 'ok', powerW: 292, powerBasis: 'reported' })
    expect(first?.sample.faults).toEqual([
      expect.stringMatching(/^DCMI says .*, which is no machine's power/),
    ])
    const [second] = await session.read(soon())
    expect(second?.sample).toEqual({ state: 'ok', powerW: 292, powerBasis: 'reported' })
  },
)

test('0 W and a deactivated reading lead to the sensors without a fault', async () => {
  const off = dcmiSays('0 Watts').replace('activated', 'deactivated')
  const program = says({ 'dcmi power reading': off, 'sdr elist full': TWO_SUPPLIES })
  expect((await readOne(program))?.sample).toEqual({ state: 'ok', powerW: 292, powerBasis: 'reported' })
})

test('a DCMI reading that comes back is used again while the sensors say nothing', async () => {
  const program = fakeProgram(
    'ipmitool',
    `case "$1" in dcmi) if [ -f "$0.on" ]; then cat <<'END'\n${dcmi}\nEND\nelse cat <<'END'\n${dcmiSays('0 Watts')}\nEND\nfi ;; *) echo ;; esac`,
  )
  const session = open(program)
  expect((await session.read(soon()))[0]?.sample.state).toBe('unknown')
  writeFileSync(`${program}.on`, '')
  expect((await session.read(soon()))[0]?.sample.powerW).toBe(431)
})

describe('DCMI that fails leads to the sensors', () => {
  const script = (dcmiDoes: string, sdrDoes = `cat <<'END'\n${TWO_SUPPLIES}\nEND`) =>
    fakeProgram(
      'ipmitool',
      `echo "$1" >> "$0.asked"; case "$1" in dcmi) ${dcmiDoes}\n;; *) ${sdrDoes}\n;; esac`,
    )
  const sum = { state: 'ok', powerW: 292, powerBasis: 'reported' }
  const askedIn = (program: string) => readFileSync(`${program}.asked`, 'utf8').trim().split('\n')

  test('where it never answers, within the poll and not again at each', async () => {
    const program = script('sleep 600')
    const session = open(program)
    const poll = async () => (await withDeadline((signal) => session.read(signal), 3000))[0]?.sample
    const first = await poll()
    expect(first).toMatchObject(sum)
    expect(first?.faults).toEqual([expect.stringMatching(/^DCMI is passed over: .* gives no answer/)])
    expect(await poll()).toEqual(sum)
    expect(askedIn(program)).toEqual(['dcmi', 'sdr', 'sdr'])
  })

  test.each([
    ['DCMI', `sleep 1.2; cat <<'END'\n${dcmi}\nEND`, 'sleep 600', 431],
    ['the list', 'sleep 600', `sleep 1.2; cat <<'END'\n${TWO_SUPPLIES}\nEND`, 292],
  ])('where %s takes most of a poll, it gets a whole one', async (_, dcmiDoes, sdrDoes, powerW) => {
    const session = open(script(dcmiDoes, sdrDoes))
    const seen: unknown[] = []
    for (const _poll of [1, 2, 3])
      seen.push(
        await withDeadline((signal) => session.read(signal), 1800).then(
          ([reading]) => reading?.sample.powerW,
          () => undefined,
        ),
      )
    expect(seen.at(-1)).toBe(powerW)
  })

  // ipmitool's lib/ipmi_dcmi.c and lib/ipmi_main.c: messages of a request that comes to nothing
  test.each(['Power reading failed: Unspecified error', 'Unable to send command: Invalid argument'])(
    'where it says %j',
    async (words) => {
      const session = open(script(`echo "${words}" >&2; exit 1`))
      expect((await session.read(soon()))[0]?.sample).toMatchObject(sum)
      expect((await session.read(soon()))[0]?.sample).toEqual(sum)
    },
  )

  test('and where the sensors say nothing either, its own error is told', async () => {
    const program = script('echo "Power reading failed: Unspecified error" >&2; exit 1', 'echo')
    await expect(readOne(program)).rejects.toThrow('dcmi power reading exits with 1: Power reading failed')
  })

  // IPMI 2.0, table 5-2: C0h, node busy
  test('a BMC that was busy is asked for DCMI again at the next poll', async () => {
    const program = script(
      `if [ -f "$0.again" ]; then cat <<'END'\n${dcmi}\nEND\nelse touch "$0.again"; echo "    DCMI request failed because: Node busy (c0)" >&2; exit 1; fi`,
    )
    const session = open(program)
    expect((await session.read(soon()))[0]?.sample).toEqual(sum)
    expect((await session.read(soon()))[0]?.sample.powerW).toBe(431)
  })

  test('rows count though ipmitool fails at another sensor, but not where it could not read the list to its end', async () => {
    const sdr = (words: string) => `cat <<'END'\n${TWO_SUPPLIES}\nEND\necho "${words}" >&2; exit 1`
    const none = `cat <<'END'\n${dcmiSays('65535 Watts')}\nEND`
    const unable = script(none, sdr('Unable to send command: Invalid argument'))
    expect((await readOne(unable))?.sample).toMatchObject(sum)
    await expect(readOne(script(none, sdr('Get SDR 0052 command failed')))).rejects.toThrow('Get SDR 0052')
  })

  test('a BMC that can’t be reached is not asked a second time', async () => {
    const program = script('echo "Error: Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1')
    await expect(readOne(program)).rejects.toThrow('check the BMC’s address')
    expect(askedIn(program)).toEqual(['dcmi'])
  })
})

test('the sensor that is named is taken, and no other asked for', async () => {
  const program = says({ 'sdr elist full': sensors })
  expect((await readOne(program, { sensor: 'PS1 Input Power' }))?.sample.powerW).toBe(221)
  await expect(readOne(program, { sensor: 'Watts' })).rejects.toThrow(
    "no sensor Watts; set sensor to the one that measures the machine's input power: PS1 Input Power, PS2 Input Power, Pwr Consumption",
  )
})

test.each([
  [
    'Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: Permission denied',
    'give it to the agent’s group by a udev rule, or run the agent as root',
  ],
  [
    'Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory',
    'load the kernel modules ipmi_devintf and ipmi_si',
  ],
  ['Error: Unable to establish IPMI v2 / RMCP+ session', 'check the BMC’s address, that UDP 623 is open'],
  ['RAKP 2 HMAC is invalid', 'check the user, the password and the privilege'],
])('%s: the error says what to do', async (words, next) => {
  const program = fakeProgram('ipmitool', `echo "${words}" >&2; exit 1`)
  await expect(readOne(program)).rejects.toMatchObject({
    code: 'command-failed',
    message: expect.stringMatching(new RegExp(`exits with 1: .*; .*${next}`)),
  })
})

test('a BMC with neither says what else there is', async () => {
  const program = fakeProgram('ipmitool', `case "$1" in dcmi) ${NO_DCMI} ;; *) echo garbage ;; esac`)
  await expect(readOne(program)).rejects.toThrow(
    'the BMC has no DCMI and no sensor of the whole machine; use redfish, or a meter',
  )
})

test('garbage instead of an answer is no power', async () => {
  const program = fakeProgram('ipmitool', 'head -c 5000 /dev/zero | tr "\\0" "|"')
  expect((await readOne(program))?.sample.state).toBe('unknown')
})

test('without ipmitool the error says how to install it', async () => {
  await expect(readOne('/no/such/ipmitool')).rejects.toThrow('is not installed: apt-get install ipmitool')
})

test('a BMC that hangs costs its own poll', async () => {
  const program = fakeProgram('ipmitool', 'sleep 600')
  await expect(withDeadline((signal) => open(program).read(signal), 300)).rejects.toThrow('and is killed')
})

/** What the capture says, read in another way than the driver does. */
const wattsIn = (text: string): number => Number(/(\d+) Watts/.exec(text)?.[1])

test.skipIf(!hasCapturesOf('power/ipmi'))(
  'the answers of real BMCs give the watts that stand in them (needs ../shared/captures; skipped without)',
  async () => {
    const files = capturesIn('power/ipmi')
    expect(files).toHaveLength(9)
    for (const file of files) {
      const text = captureOf('power/ipmi', file)
      const inTheTextW = wattsIn(text)
      if (text.includes('Instantaneous')) {
        const sample = (await readOne(says({ 'dcmi power reading': text })))?.sample
        if (inTheTextW > 0) expect(sample?.powerW, file).toBe(inTheTextW)
        else expect(sample?.state, file).toBe('unknown')
        continue
      }
      const program = says({ 'dcmi*': 'A valid DCMI command was not returned! (0)', 'sdr elist full': text })
      if (text.includes('Avg Power')) expect((await readOne(program))?.sample.powerW, file).toBe(inTheTextW)
      else {
        // one supply is not the machine, unless somebody says so
        await expect(readOne(program)).rejects.toThrow('input power: Power Supply 1')
        expect((await readOne(program, { sensor: 'Power Supply 1' }))?.sample.powerW, file).toBe(inTheTextW)
      }
    }
  },
)

describe('DCMI is held against the sensors', () => {
  const saying = (watts: string) => dcmi.replace(/(Instantaneous[^\n]*?)\d+ Watts/, `$1${watts} Watts`)
  const bmc = (watts: string) => says({ 'dcmi power reading': saying(watts), 'sdr elist full': TWO_SUPPLIES })

  test.each([
    ['32767', 'DCMI says 32767 W, which is no machine'],
    ['20000', 'DCMI says 20000 W, beside 292 W of the sensor list'],
    ['4', 'DCMI says 4 W, beside 292 W of the sensor list'],
    ['1', 'DCMI says 1 W, less than a BMC draws'],
  ])('%s W beside two supplies of 292 W: theirs is taken from the first reading on', async (watts, fault) => {
    const session = open(bmc(watts))
    expect((await session.read(soon()))[0]?.sample).toMatchObject({
      powerW: 292,
      faults: [expect.stringContaining(fault)],
    })
    expect((await session.read(soon()))[0]?.sample).toEqual({
      state: 'ok',
      powerW: 292,
      powerBasis: 'reported',
    })
  })

  test('a small or a large machine is read as it is, where nothing contradicts', async () => {
    for (const watts of [6, 16_500]) {
      const program = says({
        'dcmi power reading': saying(`${watts}`),
        'sdr elist full': 'Fan1 | 30h | ok | 7.1 | 9120 RPM',
      })
      expect((await readOne(program))?.sample).toMatchObject({ powerW: watts })
    }
  })
})

describe('DCMI is held against the machine’s supplies and parts', () => {
  const saying = (watts: number) => dcmi.replace(/(Instantaneous[^\n]*?)\d+ Watts/, `$1${watts} Watts`)
  const row = ([name, watts]: readonly [string, number]) =>
    `${name.padEnd(16)} | 52h | ok  | 10.1 | ${watts} Watts`
  const bmc = (watts: number, ...sensorsOf: (readonly [string, number])[]) =>
    says({ 'dcmi power reading': saying(watts), 'sdr elist full': sensorsOf.map(row).join('\n') })
  const TWO = [['PS1 Input Power', 300] as const, ['PS2 Input Power', 300] as const]
  const read = async (program: string, settings?: object) => (await readOne(program, settings))?.sample

  test('4000 W beside two supplies of 300 W are an enclosure’s: theirs are taken, and the fault tells both', async () => {
    expect(await read(bmc(4000, ...TWO))).toMatchObject({
      powerW: 600,
      faults: [expect.stringContaining('DCMI says 4000 W, beside 600 W of its supplies')],
    })
  })

  test('50 W beside 600 W are either this machine’s or a node’s: nothing is taken until a person says which', async () => {
    const program = bmc(50, ...TWO)
    expect(await read(program)).toEqual({
      state: 'unknown',
      faults: [
        "the BMC shows DCMI of 50 W, beside 600 W of its supplies, which other machines may share; set sensor: DCMI where they do, else the names of this machine's own sensors",
      ],
    })
    expect(await read(program, { sensor: 'DCMI' })).toMatchObject({ powerW: 50 })
    expect(await read(program, { sensor: ['PS1 Input Power', 'PS2 Input Power'] })).toMatchObject({
      powerW: 600,
    })
  })

  test('50 W beside a total of the machine that agrees with its supplies are nonsense', async () => {
    expect(await read(bmc(50, ['Sys Power', 590], ...TWO))).toMatchObject({
      powerW: 590,
      faults: [expect.stringContaining('DCMI says 50 W, beside 600 W of its supplies')],
    })
  })

  test('a node of a list that names it is read as it is, beside the supplies of all', async () => {
    const shared = [['PS1 Input Power', 900] as const, ['PS2 Input Power', 900] as const]
    expect(await read(bmc(450, ['Node Power', 452], ...shared))).toEqual({
      state: 'ok',
      powerW: 450,
      powerBasis: 'reported',
    })
  })

  test('300 W are less than the machine’s two GPUs of 2000 W', async () => {
    expect(
      await read(bmc(300, ['GPU1 Power', 2000], ['GPU2 Power', 2000], ['CPU1 Power', 90])),
    ).toMatchObject({
      state: 'unknown',
      faults: [
        expect.anything(),
        expect.stringContaining('DCMI says 300 W, beside 4090 W of its CPUs and GPUs'),
      ],
    })
  })

  test('a total in the list is held against the supplies too, and DCMI against the list’s total', async () => {
    const none = { 'dcmi*': 'A valid DCMI command was not returned! (0)' }
    const rows = ([['Total_Power', 4000], ...TWO] as const).map(row).join('\n')
    expect(await read(says({ ...none, 'sdr elist full': rows }))).toMatchObject({
      powerW: 600,
      faults: [
        expect.stringContaining('the total of the sensor list says 4000 W, beside 600 W of its supplies'),
      ],
    })
    expect(await read(bmc(5200, ['Node Power', 310]))).toMatchObject({
      powerW: 310,
      faults: [expect.stringContaining('DCMI says 5200 W, beside 310 W of the sensor list')],
    })
  })

  /** In public inspection scripts for GPU servers DCMI is said to be the main board's on some, beside TOTAL_POWER of all supplies. */
  test('770 W beside a total of 5200 W in the list are the main board’s or a node’s, and beside the machine’s own sensor wrong', async () => {
    expect(await read(bmc(770, ['TOTAL_POWER', 5200]))).toMatchObject({
      state: 'unknown',
      faults: [expect.stringContaining('DCMI of 770 W, beside 5200 W of the sensor list')],
    })
    expect(await read(bmc(770, ['Sys Power', 5200]))).toMatchObject({
      powerW: 5200,
      faults: [expect.stringContaining('DCMI says 770 W, beside 5200 W of the sensor list')],
    })
    expect(await read(bmc(5100, ['TOTAL_POWER', 5200]))).toMatchObject({ powerW: 5100 })
  })

  /** `ipmitool sensor` of HPE ProLiant Gen10 Plus with iLO 5, in public laboratory logs */
  test('a supply whose sensor shows all bits set contradicts nothing', async () => {
    const list = [['PS 1 Input', 190] as const, ['PS 2 Input', 2550] as const, ['Power Meter', 240] as const]
    expect(await read(bmc(243, ...list))).toEqual({ state: 'ok', powerW: 243, powerBasis: 'reported' })
  })

  test('one supply that rests, coarse steps and a list that fails leave an honest figure as it is', async () => {
    const honest = { state: 'ok', powerW: 292, powerBasis: 'reported' }
    expect(await read(bmc(292, ['PS1 Input Power', 304], ['PS2 Input Power', 0]))).toEqual(honest)
    expect(await read(bmc(292, ['PS1 Input Power', 128], ['PS2 Input Power', 144]))).toEqual(honest)
    expect(
      await read(says({ 'dcmi power reading': saying(292), 'sdr*': 'Get SDR 0052 command failed' })),
    ).toEqual(honest)
  })
})
