using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Tests;

internal sealed class TestClock : Clock
{
    public ulong Now { get; set; } = 1_000_000_000;
    public ulong Realtime { get; set; } = 1_700_000_000_000_000_000;
    public override ulong MonotonicNanoseconds => Now;

    /// <summary>How much passes while the counter is read: time that a call takes.</summary>
    public ulong ReadingNanoseconds { get; set; }

    public override ulong Ticks
    {
        get
        {
            Advance(ReadingNanoseconds);
            return Now;
        }
    }

    public override ulong RealtimeNanoseconds => Realtime;

    public void Advance(ulong nanoseconds)
    {
        Now += nanoseconds;
        Realtime += nanoseconds;
    }
}

/// <summary>Extended registers of a machine with x87, SSE and AVX that keeps everything in the image.</summary>
internal sealed unsafe class TestExtendedState : ExtendedStateUnit
{
    private const int Mxcsr = 24;
    private const int Xmm = 160;

    public override ulong ComponentMask => 7;
    public override int ImageBytes => 832;
    public override uint MxcsrMask => 0xFFFF;

    public override void Save(UserContext* context)
    {
        *(uint*)(context->ExtendedState + Mxcsr) = context->Mxcsr;
        new ReadOnlySpan<byte>(context->Xmm, 256).CopyTo(new Span<byte>(context->ExtendedState + Xmm, 256));
    }

    public override void Load(UserContext* context)
    {
        context->Mxcsr = *(uint*)(context->ExtendedState + Mxcsr);
        new ReadOnlySpan<byte>(context->ExtendedState + Xmm, 256).CopyTo(new Span<byte>(context->Xmm, 256));
    }

    public override void Reset(UserContext* context)
    {
        new Span<byte>(context->ExtendedState, UserContext.ExtendedStateBytes).Clear();
        *(ushort*)context->ExtendedState = 0x37F;
        *(uint*)(context->ExtendedState + Mxcsr) = 0x1F80;
        Load(context);
    }

    public override void Forget(UserContext* context)
    {
    }
}

internal sealed class TestMachineControl : MachineControl
{
    public int? SessionStatus { get; private set; }
    public bool IsPoweredOff { get; private set; }

    public override void SessionEnded(ObjectTracker group, int waitStatus) => SessionStatus = waitStatus;

    public override unsafe void ProcessEnded(Process* process, int waitStatus)
    {
    }

    public override void PowerOff() => IsPoweredOff = true;

    public override void Restart()
    {
    }
}

/// <summary>A console whose room a test sets.</summary>
internal sealed unsafe class TestConsole : ConsoleSink
{
    private readonly List<byte> _bytes = [];
    private readonly WaitQueue* _space;

    public TestConsole(PageAllocator pages) => _space = (WaitQueue*)pages.Allocate(1);

    public int Limit { get; set; } = 1 << 20;
    public override bool Prepare(Terminal* terminal) => true;
    public override int RoomOf(Terminal* terminal) => Limit - _bytes.Count;
    public override WaitQueue* SpaceOf(Terminal* terminal) => _space;
    public WaitQueue* Space => _space;
    public string Text => Encoding.Latin1.GetString(_bytes.ToArray());

    public override void Write(Terminal* terminal, ReadOnlySpan<byte> bytes)
    {
        Panic.Unless(bytes.Length <= RoomOf(terminal), "test console: overrun"u8);
        _bytes.AddRange(bytes);
    }

    public string Take()
    {
        string text = Text;
        _bytes.Clear();
        return text;
    }
}

internal sealed unsafe class TestCheckpoints : CheckpointService
{
    public override bool IsKept(ObjectTracker group) => !group.IsEphemeral;

    private readonly WaitQueue* _durable;

    public TestCheckpoints(PageAllocator pages) => _durable = (WaitQueue*)pages.Allocate(1);

    public ulong Requested { get; private set; }
    public ulong DurableEpoch { get; set; }
    public bool HasFailed => false;
    public override WaitQueue* DurableOf(ObjectTracker group) => _durable;
    public override void SetPeriod(ObjectTracker group, ulong nanoseconds)
    {
    }

    public override Epoch Request(ObjectTracker group) => new(++Requested);

    public override Epoch Expect(ObjectTracker group) => Request(group);

    /// <summary>Of which memory a checkpoint was asked for last; what the answer is.</summary>
    public Mapping* Memory { get; private set; }
    public Errno MemoryAnswer { get; set; }

    public override Errno RequestMemory(ObjectTracker group, Mapping* mapping, bool isAwaited, out Epoch epoch)
    {
        Memory = mapping;
        epoch = MemoryAnswer == Errno.Ok ? Request(group) : default;
        return MemoryAnswer;
    }

    public override Errno RequestNamed(ObjectTracker group, ReadOnlySpan<byte> name, out Epoch epoch)
    {
        epoch = Request(group);
        return Errno.Ok;
    }

    public override Errno ErrorOf(ObjectTracker group, Epoch epoch) => HasFailed ? Errno.EIO : Errno.Ok;

    public override ulong Ask(ObjectTracker group, CheckpointErrand errand, ReadOnlySpan<byte> target) => 1;

    public override bool IsDone(ObjectTracker group, ulong ticket, out Errno result)
    {
        result = Errno.ENOENT;
        return true;
    }

    public override bool IsDurable(ObjectTracker group, Epoch epoch) => epoch.Value <= DurableEpoch;

    public override Epoch CapturedOf(ObjectTracker group) => new(Requested);

    public override void ReadStatistics(ObjectTracker group, ref SlsStatistics statistics) => statistics.CapturedEpoch = Requested;

    public override bool ReadSample(int index, out CheckpointSample sample)
    {
        sample = default;
        return false;
    }

    public override ulong RequestHistory(ObjectTracker group) => 1;

    public override bool IsHistoryReady(ObjectTracker group, ulong ticket) => true;

    public override bool ReadHistory(ObjectTracker group, int index, out SlsHistoryEntry entry)
    {
        entry = default;
        return false;
    }
}

internal sealed class TestFirstProgram(string path, string[] arguments, string[] environment) : FirstProgram
{
    private readonly byte[] _path = Encoding.UTF8.GetBytes(path);

    public override ReadOnlySpan<byte> PathOf(ObjectTracker group) => _path;

    public override ReadOnlySpan<byte> SearchPathOf(ObjectTracker group) => "/nowhere:/tmp:/bin"u8;

    public override Errno Collect(ObjectTracker group, ArgumentBlock block)
    {
        foreach (string argument in arguments)
            if (!block.Add(Encoding.UTF8.GetBytes(argument), false))
                return Errno.E2BIG;
        foreach (string variable in environment)
            if (!block.Add(Encoding.UTF8.GetBytes(variable), true))
                return Errno.E2BIG;
        return Errno.Ok;
    }

    public override void Fail(ObjectTracker group, Errno error)
    {
    }
}

