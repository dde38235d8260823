using System;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Qemu;

namespace Aurora.Bench;

/// <summary>Runs one measuring program on Aurora.</summary>
public static class AuroraMachine
{
    /// <summary>What the program of the machine's boot arguments printed; throws when it failed, or did not end in time.</summary>
    public static async Task<GuestReport> RunAsync(MachineConfiguration configured, TimeSpan deadline, CancellationToken cancellation)
    {
        string program = string.Join(' ', configured.Boot.Arguments);
        await using VirtualMachine running = await VirtualMachine.StartAsync(configured, cancellation).ConfigureAwait(false);
        var console = new ConsoleTranscript(running);
        MachineExit exit;
        try
        {
            exit = await running.Exited.WaitAsync(deadline, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new BenchException(
                $"{program} did not end on Aurora within {deadline.TotalMinutes:0} minutes: {console.Text}\n{running.Events.Tail()}");
        }
        await console.Completed.ConfigureAwait(false);
        return exit.GuestStatus == 0
            ? new GuestReport(console.Text)
            : throw new BenchException($"{program} failed on Aurora: {console.Text}\n{running.Events.Tail()}");
    }
}
