// QEMU must die with its launcher, even when the launcher is killed with SIGKILL and runs no code any more. Linux does that with the
// parent-death signal, but the "parent" it means is the thread that forked: a pool thread that retires would take QEMU with it. So all
// machines are forked by this one thread, which never ends before the process does.
using System;
using System.Collections.Concurrent;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Qemu;

/// <summary>Runs functions on one thread that lives as long as the process.</summary>
internal static class LaunchThread
{
    private static readonly BlockingCollection<Action> _work = Start();

    public static Task<T> RunAsync<T>(Func<T> function)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                completion.SetResult(function());
            }
#pragma warning disable CA1031 // Whatever went wrong belongs to the caller, not to this thread.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                completion.SetException(failure);
            }
        });
        return completion.Task;
    }

    private static BlockingCollection<Action> Start()
    {
        var work = new BlockingCollection<Action>();
        var thread = new Thread(() =>
        {
            foreach (Action action in work.GetConsumingEnumerable())
                action();
        })
        {
            IsBackground = true,
            Name = "machine launcher",
        };
        thread.Start();
        return work;
    }
}
