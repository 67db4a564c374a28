import { describe, expect, test } from 'vitest'
import { judge } from '../../../agent/host-power/judge.ts'
import { machinePowerOf } from '../../../agent/host-power/machine-power.ts'
import { subjectOf } from '../../../agent/host-power/sensor-names.ts'

/**
 * Names of real machines. Sources, in order: IBM and Lenovo, telegraf's ipmi_sensor tests; Dell, xcat2/xcat-core issue 6479 and
 * ateodorescu/home-assistant-ipmi issue 13; HPE iLO; Supermicro; OCP Leopard, u-root/u-bmc wiki; Inspur and Quanta boards by
 * IPMI; OpenBMC, ibm-openbmc/dev issue 288; Dell's Sensor resource; NVIDIA GB200 trays, a public exporter's captured ARS-121GL-NB3;
 * Grace Hopper, NVIDIA/openbmc, meta-gh: bmcweb's platform-chassis-name and its total-power sensor; Oracle X7-8 Service Manual, sensors.
 */
test.each([
  'Avg Power',
  'Pwr Consumption',
  'PW Consumption',
  'System Level',
  'Power Meter',
  'System Power',
  'SYS_POWER',
  'Sys Power',
  'PWR_SYS',
  'HSC Input Power',
  'POWER_USAGE',
  'Total Power',
  'Total_Power',
  'TotalPower',
  'Node Power',
  'Sys_Total_Power',
  'Input Power',
  'total_power',
  'power_total_power',
  'SystemBoardPwrConsumption',
  'Chassis_0_TotalHSC_Power_0',
  'Baseboard_0_TotalHSC_Power_0',
  'VPS',
  '/SYS/VPS',
])('%s is the machine’s', (name) => expect(subjectOf(name)).toMatchObject({ of: 'machine' }))

/** Sources: home-assistant-ipmi issues 13 (IBM), 25 (MegaRAC) and 27 (Intel S2600); ibm-openbmc/dev issue 276; AMI and Huawei boards. */
test.each([
  ['PS1 Power In', '1', 'input'],
  ['PSU1 PIN', '1', 'input'],
  ['PSU2_PIN', '2', 'input'],
  ['PWR_PSU1_PIN', '1', 'input'],
  ['PS2 Input Power', '2', 'input'],
  ['ps0_input_power', '0', 'input'],
  ['power_PSU1_Input_Power', '1', 'input'],
  ['PSU1_Power_In', '1', 'input'],
  ['Power Supply 2 Input Power', '2', 'input'],
  ['PSU 1 AC Power', '1', 'input'],
  ['PSU1 POUT', '1', 'output'],
  ['PS1 Output Power', '1', 'output'],
  ['PS2 Power Out', '2', 'output'],
  ['PMB1Power', '1', 'unsaid'],
])('%s is of supply %s, its %s', (name, supply, side) =>
  expect(subjectOf(name)).toEqual({ of: 'supply', supply, side }),
)

/**
 * Shapes of other BMCs. Sources, in order: a reader's list of names in the field, for which no public one was found (number behind, front supplies);
 * Celestica switches, ipmitool's list in public ONLP drivers (PSU2_PIn, PSUR_Temp1 beside PSUL_); HPE iLO 5, ipmitool in public
 * laboratory logs (PS 1 Input); public logs of AMI boards (PSU1_pin, PSU0 Pin); OpenBMC's wait for PSU1_PWR_48VIN; OpenBMC's dbus-sensors
 * (PSU1_Input_Power); names that zero-fill, or write the place out.
 */
test.each([
  ['PSU Input Power 1', '1', 'input'],
  ['PSU Input Power 2', '2', 'input'],
  ['PSU Output Power 2', '2', 'output'],
  ['FPSU1 Pin', 'f 1', 'input'],
  ['RPSU1 Pin', 'r 1', 'input'],
  ['PSU2_PIn', '2', 'input'],
  ['PSU2_POut', '2', 'output'],
  ['PSUR_PIn', 'r', 'input'],
  ['PSUL_PIn', 'l', 'input'],
  ['PS 1 Input', '1', 'input'],
  ['PS 2 Output', '2', 'output'],
  ['PSU1_pin', '1', 'input'],
  ['PSU0 Pin', '0', 'input'],
  ['PSU1_PWR_48VIN', '1', 'input'],
  ['PSU1_Input_Power', '1', 'input'],
  ['PSU01 Pin', '1', 'input'],
  ['PSU_1_Pin', '1', 'input'],
  ['Pin_PSU2', '2', 'input'],
  ['P_IN_PSU0', '0', 'input'],
  ['PSU_B Pin', 'b', 'input'],
  ['Rear PSU1 Pin', 'rear 1', 'input'],
  ['PwrSupply2 Power', '2', 'unsaid'],
  ['CRPS1 Pin', '1', 'input'],
  ['PSU Bay2 Pin', '2', 'input'],
  ['PSU1_Input_Powr', '1', 'input'],
  ['PSU1 Input Powe', '1', 'input'],
  ['Pwr_PSU3_In', '3', 'input'],
  ['PS4_Pin', '4', 'input'],
  ['PWR_PSU5', '5', 'unsaid'],
  ['PSU_2_POWER_IN', '2', 'input'],
  ['SYS_PSU1_Pin', 'sys 1', 'input'],
])('%s is of supply %s, its %s, in another maker’s words', (name, supply, side) =>
  expect(subjectOf(name)).toEqual({ of: 'supply', supply, side }),
)

/** From the same lists: ratings, rails, fans and counters beside the supplies. */
test.each([
  'PSU1_Pout_Max',
  'PSU0 POut_Max',
  'PSU1 Fan Power',
  'PSU1_12V_Power',
  'PS_Curr_In_01',
  'PS_Volt_In_02',
  'PSU1 Max Power',
  'PSU Rated Power',
  'PS1 Curr Out %',
])('%s is no supply’s power', (name) => expect(subjectOf(name)).toBeUndefined())

describe('a sum is never that of some of the supplies, nor of both sides', () => {
  const one = (name: string, powerW: number) => ({ name, powerW })

  test('all shapes in one list are supplies of their own', () => {
    const list = [one('FPSU1 Pin', 700), one('FPSU2 Pin', 710), one('PSU1 Pin', 650), one('PSU2 Pin', 660)]
    expect(machinePowerOf(list)).toEqual({ powerW: 2720, basis: 'reported' })
  })

  test('inputs and outputs with the number behind are one supply’s', () => {
    const list = [1, 2].flatMap((n) => [
      one(`PSU Input Power ${n}`, 300 + n),
      one(`PSU Output Power ${n}`, 280),
    ])
    expect(machinePowerOf(list)).toEqual({ powerW: 603, basis: 'reported' })
  })

  /** A public `ipmitool sdr` log: PSU_POWER_IN 319 W, PSU_1_POWER_IN no reading, PSU_2_POWER_IN 324 W. */
  test('the BMC’s own sum of its supplies counts once', () => {
    expect(machinePowerOf([one('PSU_POWER_IN', 319), one('PSU_2_POWER_IN', 324)])).toMatchObject({
      powerW: 324,
    })
    expect(machinePowerOf([one('PSU_POWER_IN', 319)])).toMatchObject({ powerW: 319 })
    const both = [one('PSU1_PIN', 160), one('PSU2_PIN', 165)]
    expect(machinePowerOf([one('PSU_PIN', 330), ...both])).toMatchObject({ powerW: 325 })
  })

  /** A B300 of Inventec's in a public inspection script: inputs of PSU6 and PSU7 alone, and the outputs of B_PSU0 to B_PSU5 by other numbers. */
  test('supplies of which two tell their inputs and six others their outputs are for a person to add up', () => {
    const list = [
      one('H_Total_Power', 750),
      one('PSU6_Pin', 380),
      one('PSU7_Pin', 370),
      ...[0, 1, 2, 3, 4, 5].map((n) => one(`B_PSU${n}_Pout`, 700)),
    ]
    expect(machinePowerOf(list).powerW).toBeUndefined()
    expect(machinePowerOf(list).unclear).toContain('B_PSU0_Pout')
  })

  test.each([['PSU Module Two Pin'], ['PSU1 2 Pin'], ['PSU Power'], ['GPU PSU3 Pin']])(
    'one whose name is not understood, such as %s, leaves the machine to a person',
    (name) => {
      const list = [one('PSU1 Pin', 300), one('PSU2 Pin', 310), one(name, 305)]
      expect(machinePowerOf(list)).toEqual({
        unclear: `supplies of which it is not known what each shows (${name})`,
      })
      expect(machinePowerOf([one('Sys Power', 900), ...list])).toMatchObject({ powerW: 900 })
    },
  )
})

test.each([
  'CPU Power',
  'CPU1 Power',
  'GPU_0_Power_0',
  'HGX_Chassis_0_TotalGPU_Power_0',
  'Chassis_0_TotalGPU_Power_0',
  'Baseboard_0_TotalGPU_Power_0',
  'HGX_Baseboard_0_TotalHSC_Power_0',
  'HGX_Chassis_0_TotalHSC_Power_0',
  '/SYS/VPS_MEMORY',
  'VPS_CPUS',
  'Memory Power',
  'MEM_POWER',
  'FAN Power',
  'Disk Power',
  'Power Supply 1',
  'PS1 Temperature',
  'PSU1 Pin Volts',
  'Power Limit',
  'Power Cap',
  'ProcessorModule_0_Power_0',
  'Enclosure Power',
])('%s is neither', (name) => expect(subjectOf(name)).toBeUndefined())

test('the node’s own sensor comes before one that can be its enclosure’s', () => {
  const sensors = [
    { name: 'Chassis Power', powerW: 5200 },
    { name: 'Node Power', powerW: 412 },
  ]
  expect(machinePowerOf(sensors)).toEqual({ powerW: 412, basis: 'reported' })
})

/** facebook/openbmc, meta-facebook: sensors of Yosemite's and Great Lakes' server boards. */
test.each(['MB_HSC_INPUT_PWR_W', 'MB_HSC_IN_POWER', 'MB_HSC_PWR_W'])(
  '%s is the input of a sled that shows no other controller',
  (name) => {
    expect(machinePowerOf([{ name, powerW: 430 }])).toEqual({ powerW: 430, basis: 'reported' })
    expect(machinePowerOf([{ name }])).toEqual({})
  },
)

/** facebook/openbmc, Grand Teton: the main board's controller stands beside those of the boards that feed the GPUs. */
test('beside other controllers that of the main board is not the whole', () => {
  const others = [
    { name: 'HPDB_HSC1_PWR_W', powerW: 2400 },
    { name: 'HPDB_HSC2_PWR_W', powerW: 2410 },
  ]
  for (const name of ['MB_HSC_PWR_W', 'MB_HSC_INPUT_PWR_W']) {
    const power = machinePowerOf([{ name, powerW: 900 }, ...others])
    expect(power).not.toHaveProperty('powerW')
    expect(power.unclear).toContain('HPDB_HSC1_PWR_W, HPDB_HSC2_PWR_W')
  }
})

test('the controllers of slots feed a machine each, so a person must choose, also where one slot alone is filled', () => {
  const slots = [1, 3].map((slot) => ({ name: `Slot${slot}_HSC_Input_Power_W`, powerW: 100 * slot }))
  for (const some of [slots, slots.slice(0, 1)]) {
    const power = machinePowerOf(some)
    expect(power).not.toHaveProperty('powerW')
    expect(power.unclear).toContain(some.map(({ name }) => name).join(', '))
  }
})

test('controllers of one number on two distribution boards are two', () => {
  const of = (board: number, controller: number, powerW: number) => ({
    name: `PDB_${board}_HSC_${controller}_Input_Power`,
    powerW,
  })
  expect(machinePowerOf([of(0, 0, 1150), of(0, 1, 1155), of(1, 0, 1160)])).toMatchObject({ powerW: 3465 })
})

test('two sensors for the input of one supply count once', () => {
  const sensors = [
    { name: 'PSU1 PIN', powerW: 300 },
    { name: 'PSU1 Input Power', powerW: 301 },
    { name: 'PSU2 PIN', powerW: 310 },
  ]
  expect(machinePowerOf(sensors)).toEqual({ powerW: 610, basis: 'reported' })
})

test.each([
  [4920, { powerW: 4920 }],
  ['152', { powerW: 152 }],
  ['152 W', { powerW: 152 }],
  ['1.2 kW', { powerW: 1200 }],
  ['900 mW', { powerW: 0.9 }],
  ['12 V', { refused: '"12 V"' }],
  ['0x98', { powerW: 152 }],
  [0, {}],
  [undefined, {}],
  ['N/A', {}],
  ['', {}],
  [null, { refused: 'null' }],
  [-1, { refused: '-1 W' }],
  [65_535, { refused: '65535 W' }],
  ['0xFFFF', { refused: '65535 W' }],
  [100_001, { refused: '100001 W' }],
  ['NaN', { refused: '"NaN"' }],
  [Number.NaN, { refused: 'null' }],
  [[4920], { refused: '[4920]' }],
])('a power of %j', (value, judged) => expect(judge(value)).toEqual(judged))

test('kW become W before they are judged', () => {
  expect(judge(4.92, 1000)).toEqual({ powerW: 4920 })
  expect(judge(101, 1000)).toEqual({ refused: '101000 W' })
})
