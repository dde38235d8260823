// Runs the guest program prims in a machine whose clock is the instruction counter: a nanosecond is one instruction, whatever the host
// does meanwhile, and waiting takes no time. Changes are tracked as always, but no checkpoint comes in the middle of a round, where it
// would be or not be by chance: the program has one taken before each.
using System;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Images.Root;
using Aurora.Qemu;

namespace Aurora.Bench.Instructions;

/// <summary>Counts the instructions of primitives.</summary>
public static class InstructionRun
{
    /// <summary>The measuring program, on both systems.</summary>
    public const string Program = StandardRoot.TestFolder + "/prims";

    /// <summary>The memory of a machine in which instructions are counted: figures of another size are others.</summary>
    public const int MemoryMebibytes = 512;

    private const int LongPeriodMilliseconds = 60_000;
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(6);

    /// <summary>
    /// The machine with its instruction counter as clock. Where it waits its clock jumps on to the next timer, be it the one that says the
    /// disk does not answer: so its flushes do not wait for the host's disk, and the disk is for once only.
    /// </summary>
    public static MachineConfiguration Counting(MachineConfiguration machine)
        => machine with { Acceleration = Acceleration.Tcg, CountsInstructions = true, DiskCache = "unsafe" };

    /// <summary>Measures on Aurora, from a disk with the standard root: all measures, or those whose name contains a text.</summary>
    public static Task<GuestReport> OnAuroraAsync(
        MachineConfiguration machine, string disk, string? filter, CancellationToken cancellation)
    {
        MachineConfiguration counting = Counting(machine) with
        {
            Disk = disk,
            Boot = machine.Boot with
            {
                Arguments = [Program, "/tmp", .. Words(filter)],
                Environment = ["PATH=/bin:/usr/bin"],
                PeriodMilliseconds = LongPeriodMilliseconds,
            },
        };
        return AuroraMachine.RunAsync(counting, _deadline, cancellation);
    }

    /// <summary>The arguments behind the folder.</summary>
    public static string[] Words(string? filter) => filter == null ? [] : [filter];
}
