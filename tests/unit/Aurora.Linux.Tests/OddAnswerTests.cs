using System;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Odd arguments of prctl and syslog as on Linux 6.1, and records that no kernel has written.</summary>
public sealed unsafe class OddAnswerTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public OddAnswerTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Option(ulong option, ulong value) => _kernel.Call(_init, 157, option, value, 0, 0, 0)!.Value;

    [Theory]
    [InlineData(13, 0UL, Errno.Ok)]
    [InlineData(14, 0UL, Errno.Ok)]
    [InlineData(14, 1UL, Errno.EINVAL)]
    [InlineData(14, ulong.MaxValue, Errno.EINVAL)]
    [InlineData(25, 1UL, Errno.EFAULT)]
    [InlineData(25, Scratch, Errno.Ok)]
    [InlineData(26, 0UL, Errno.EINVAL)]
    [InlineData(26, 1UL, Errno.Ok)]
    [InlineData(31, 0UL, Errno.Ok)]
    [InlineData(32, 0UL, Errno.Ok)]
    [InlineData(40, 1UL, Errno.EFAULT)]
    [InlineData(40, Scratch, Errno.Ok)]
    [InlineData(999, 0UL, Errno.EINVAL)]
    [InlineData(0, 0UL, Errno.EINVAL)]
    [InlineData(1, 65UL, Errno.EINVAL)]
    [InlineData(1, ulong.MaxValue, Errno.EINVAL)]
    [InlineData(4, 2UL, Errno.EINVAL)]
    [InlineData(8, 2UL, Errno.EINVAL)]
    public void Prctl_takes_and_refuses_what_Linux_does(ulong option, ulong value, Errno error)
        => Assert.Equal(-(long)error, Option(option, value));

    [Fact]
    public void Timer_slack_is_a_number_without_sign()
    {
        Assert.Equal(0, Option(29, ulong.MaxValue));
        Assert.Equal(-1, Option(30, 0));
        Assert.Equal(0, Option(29, 0));
        Assert.Equal(50_000, Option(30, 0));
    }

    [Theory]
    [InlineData(6, 0, Errno.Ok)]
    [InlineData(7, 0, Errno.Ok)]
    [InlineData(8, 7, Errno.Ok)]
    [InlineData(8, 0, Errno.EINVAL)]
    [InlineData(8, 9, Errno.EINVAL)]
    [InlineData(11, 0, Errno.EINVAL)]
    [InlineData(-1, 0, Errno.EINVAL)]
    public void Levels_of_the_log_are_checked(int type, int length, Errno error)
    {
        Assert.Equal(-(long)error, _kernel.Call(_init, 103, unchecked((ulong)type), 0, (ulong)length));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, 103, unchecked((ulong)type), 0, (ulong)length));
    }

    // Only init before its first program has no memory, and then it has just begun the call that loads that.
    [Theory]
    [InlineData(CallContinuation.FirstProgram, 0, true)]
    [InlineData(CallContinuation.FirstProgram, 1, false)]
    [InlineData(34U, 0, false)]
    public void A_thread_without_memory_waits_for_the_first_program_or_is_refused(uint number, byte phase, bool isTaken)
    {
        using var kernel = new TestKernel();
        Assert.True(kernel.Files.Creation.CreateRoot(kernel.Names));
        Assert.Equal(Errno.Ok, Posix.Files.StandardTree.Populate(kernel.Files, kernel.Names));
        Assert.True(kernel.Terminals.Life.CreateConsole(kernel.Tracker, false,
            new Posix.Terminals.WindowSize { Rows = 24, Columns = 80 }) != null);
        Thread* init = kernel.Life.CreateInit(kernel.Tracker);
        Assert.Equal(Errno.Ok, kernel.FileTables.Start(init->Process, kernel.Names, 0x12));
        LinuxKernel.StartInit(kernel.Scheduler, init);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        foreach ((ulong id, (ObjectKind kind, byte[] payload)) in image.Records.ToList())
        {
            if (kind != ObjectKind.Thread)
                continue;
            fixed (byte* start = payload)
            {
                ((ThreadRecord*)start)->Call.Number = number;
                ((ThreadRecord*)start)->Call.Phase = phase;
            }
            init->Call.Number = number;
            init->Call.Phase = phase;
            Assert.Equal(isTaken, kernel.Codecs[kind].IsSound(&init->Header));
        }
        Assert.Equal(isTaken ? RestoreStatus.Ok : RestoreStatus.BadRecord, TestKernel.TryRestore(image));
    }

    [Fact]
    public void Attributes_with_something_in_their_reserved_bytes_are_refused()
    {
        _kernel.WriteFile("/f", "x"u8);
        _kernel.PokeText(_init, Scratch + 0x100, "user.a");
        _kernel.Do(_init, 188, _kernel.PokeText(_init, Scratch, "/f"), Scratch + 0x100, Scratch, 2, 0);
        var image = new TestKernel.Image();
        _kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        (ulong id, byte[] payload) = image.Records.Where(record => record.Value.Kind == ObjectKind.ExtendedAttributes)
            .Select(record => (record.Key, record.Value.Payload)).Single();
        foreach (int offset in new[] { 10, 12, 15 })
        {
            byte[] doctored = [.. payload];
            doctored[offset] = 1;
            image.Records[id] = (ObjectKind.ExtendedAttributes, doctored);
            Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
        }
    }

    // Linux's rule has three parts: the ids, what may be dumped, and that the target has no capability the caller has not.
    [Fact]
    public void Nobody_looks_into_a_process_of_his_own_that_may_do_more_than_he()
    {
        Thread* user = _kernel.Fork(_init);
        Thread* more = _kernel.Fork(_init);
        foreach (nint each in new[] { (nint)user, (nint)more })
        {
            var thread = (Thread*)each;
            _kernel.Do(thread, 157, 8, thread == more ? 1UL : 0, 0, 0, 0);
            _kernel.Do(thread, 105, 1000);
            _kernel.Do(thread, 157, 4, 1, 0, 0, 0);
        }
        Assert.NotEqual(0UL, more->Process->Credentials.Capabilities.Permitted);
        string path = $"/proc/{more->Id}/maps";
        Assert.Equal(-(long)Errno.EACCES, _kernel.Call(user, 2, _kernel.PokeText(user, Scratch, path), 0));
        more->Process->Credentials.Capabilities = user->Process->Credentials.Capabilities;
        Assert.True(_kernel.Do(user, 2, _kernel.PokeText(user, Scratch, path), 0) >= 0);
    }
}
