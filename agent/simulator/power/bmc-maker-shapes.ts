import type { GpuHost } from '../gpu/host.ts'
import { at, collection, machine, type Resource, rackServer, type Service, sensor } from './bmc-parts.ts'

/**
 * Makers' own ways: NVIDIA's trays, which have no supply, by the sum of their hot-swap controllers or by those of a distribution board;
 * Cisco's single control; Inspur's own field; HPE's iLO 4; supplies in a chassis of their own.
 */
export type MakerShape = 'gb200' | 'gb300-boards' | 'cisco' | 'inspur' | 'ilo-4' | 'powered-by'

/** What an NVIDIA tray lists beside itself: the GPU baseboard and its processor modules, with powers of their own. */
const tray = (host: GpuHost, own: Record<string, Resource>, others: Service['chassis'] = {}): Service => ({
  systems: {
    HGX_Baseboard_0: { Links: { Chassis: [at('Chassis/HGX_Chassis_0')] } },
    System_0: machine(host, ['Chassis_0']),
  },
  chassis: {
    BMC_0: { ChassisType: 'Module', pages: { EnvironmentMetrics: { PowerWatts: { Reading: 11 } } } },
    Chassis_0: {
      ChassisType: 'RackMount',
      pages: {
        ...collection('Chassis/Chassis_0', 'Sensors', {
          Chassis_0_Front_IO_Temp_0: { ReadingType: 'Temperature', ReadingUnits: 'Cel', Reading: 27.5 },
          Chassis_0_TotalGPU_Power_0: sensor('Chassis 0 TotalGPU Power 0', host.powerW),
          ...own,
        }),
      },
    },
    HGX_Chassis_0: {
      ChassisType: 'Module',
      Links: { ComputerSystems: [at('Systems/HGX_Baseboard_0')] },
      pages: { EnvironmentMetrics: { PowerWatts: { Reading: host.powerW } } },
    },
    HGX_ProcessorModule_0: {
      ChassisType: 'Module',
      pages: { EnvironmentMetrics: { PowerWatts: { Reading: 310 } } },
    },
    ...others,
  },
})

const half = ({ wallW }: GpuHost): number => Math.round(wallW / 2)

export const MAKER_SHAPES: Readonly<Record<MakerShape, (host: GpuHost) => Service>> = {
  // Supermicro ARS-121GL-NB3 (GB200): only Sensors; ids as NVIDIA's OpenBMC makes them
  gb200: (host) =>
    tray(host, { Chassis_0_TotalHSC_Power_0: sensor('Chassis 0 TotalHSC Power 0', host.wallW) }),
  // libredfish, nvidia_gb200: the tray is read at the controllers of its distribution board
  'gb300-boards': (host) =>
    tray(
      host,
      {},
      {
        PDB_0: {
          ChassisType: 'Module',
          pages: collection('Chassis/PDB_0', 'Sensors', {
            PDB_0_HSC_0_Pwr_0: sensor('PDB 0 HSC 0 Pwr 0', host.wallW * 0.52),
            PDB_0_HSC_1_Pwr_0: sensor('PDB 0 HSC 1 Pwr 0', host.wallW * 0.48),
            PDB_0_HSC_0_Temp_0: { ReadingType: 'Temperature', ReadingUnits: 'Cel', Reading: 41 },
          }),
        },
      },
    ),
  // UCS C240 M5 (akaliwod/iserver, redfish-tests): an object instead of a list, numbers as texts, its own chassis a Rack
  cisco: (host) => ({
    systems: { 1: machine(host, ['1']) },
    chassis: {
      1: {
        ChassisType: 'Rack',
        Links: { ComputerSystems: [at('Systems/1')] },
        pages: {
          Power: {
            PowerControl: { PowerConsumedWatts: `${Math.round(host.wallW)}`, PhysicalContext: 'PowerSupply' },
          },
        },
      },
    },
  }),
  // ISBMC (mrlhansen/idrac_exporter, PowerResponse): the total beside its parts, and no control
  inspur: (host) =>
    rackServer(host, '1', {
      Power: {
        PowerControl: [],
        Oem: {
          Public: {
            CurrentCPUPowerWatts: 310,
            CurrentMemoryPowerWatts: 60,
            CurrentFANPowerWatts: Math.round(0.07 * host.powerW),
            TotalPower: Math.round(host.wallW),
          },
        },
      },
    }),
  // HPE ProLiant Gen9 (jenningsloy318/redfish_exporter, issue 29): the power beside the list, not in it
  'ilo-4': (host) =>
    rackServer(host, '1', {
      Power: { PowerConsumedWatts: Math.round(host.wallW), PowerCapacityWatts: 12_000, PowerSupplies: [] },
    }),
  // DSP2046, ComputerSystem: Links.PoweredBy names supplies that stand in another chassis
  'powered-by': (host) => {
    const where = 'Chassis/Supplies/PowerSubsystem/PowerSupplies'
    return {
      systems: {
        1: machine(host, ['Main'], { PoweredBy: ['PSU1', 'PSU2'].map((id) => at(`${where}/${id}`)) }),
      },
      chassis: {
        Main: { ChassisType: 'RackMount', pages: {} },
        Supplies: {
          ChassisType: 'Module',
          pages: Object.fromEntries(
            ['PSU1', 'PSU2'].flatMap((id) => [
              [
                `PowerSubsystem/PowerSupplies/${id}`,
                { Status: { State: 'Enabled' }, Metrics: at(`${where}/${id}/Metrics`) },
              ],
              [`PowerSubsystem/PowerSupplies/${id}/Metrics`, { InputPowerWatts: { Reading: half(host) } }],
            ]),
          ),
        },
      },
    }
  },
}
