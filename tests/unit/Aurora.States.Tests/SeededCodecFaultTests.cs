using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.States.Tests;

/// <summary>Deliberate faults of codecs: each must be found.</summary>
public sealed class SeededCodecFaultTests(ITestOutputHelper output)
{
    private const int MaxStates = 60_000;

    [Theory]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Timer, "IntervalNanoseconds")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Thread, "BlockedSignals")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Thread, "Call.DeadlineNanoseconds")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Thread, "RobustList")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Thread, "SequenceArea")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Process, "Nice")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.OpenFile, "Offset")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.FileLock, "IsExclusive")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.OpenFile, "Lease.Descriptor")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Pipe, "Head")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.EventCounter, "IsSemaphore")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.TimerFile, "IntervalNanoseconds")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SignalFile, "Mask.Bits")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.EventWatch, "Order")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.EventWatch, "Events")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.EventWatch, "File")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Inotify, "NextNumber")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Inotify, "HasOverflown")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.InotifyWatch, "Mask")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.InotifyWatch, "Inode")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.InotifyEvent, "Cookie")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.IpcSpace, "Segments.NextIndex")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SharedSegment, "Ipc.Key")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SharedSegment, "LastProcess")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.SharedSegment, "Ipc.Mode")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.SharedSegment, "Object")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SemaphoreSet, "OperationSeconds")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SemaphoreBlock, "Processes")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.SemaphoreBlock, "Values")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.MessageQueue, "MostBytes")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.MessageQueue, "LastSender")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Message, "Type")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Message, "Order")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.NamedQueue, "MostMessages")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.NamedQueue, "NoticeValue")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.IpcWaiter, "Priority")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.NamedQueue, "IsNamed")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.NamedQueue, "NoticeKind")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.NamedQueue, "Inode")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Socket, "Shut")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Socket, "Settings.Options")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.SocketMessage, "User.Uid")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Socket, "Shut")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Socket, "Peer")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.SocketMessage, "Sender")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Mapping, "PageOffset")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Mapping, "RegionTaken")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Mapping, "IsRegionDirty")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Mapping, "RegionIdentity.High")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.AddressSpace, "RegionSignal")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.DescriptorChunk, "CloseOnExec")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.SignalActions, null)]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Timer, "ExpiryNanoseconds")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Process, "Group")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Process, "Credentials.EffectiveUid")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.FileContext, "CurrentDirectory")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.AddressSpace, "BreakEnd")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Mapping, "Pages")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Mapping, "RegionTaken")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Mapping, "IsRegionDirty")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Inode, "Size")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Pipe, "Length")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.EventCounter, "Count")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.TimerFile, "Ticks")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.SignalFile, "Mask.Bits")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Terminal, "ForegroundGroup")]
    [InlineData((int)CodecFaultKind.ForgottenField, (int)ObjectKind.Terminal, "MasterTail")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Terminal, "MasterTail")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.Terminal, "PseudoFlags")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.TerminalText, null)]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.SignalBacklog, null)]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Terminal, "Node")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Timer, "Target")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.SignalBacklog, "Owner")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.FileLock, "Owner")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.ProcessHandle, "Process")]
    [InlineData((int)CodecFaultKind.ForgottenMark, (int)ObjectKind.ProcessHandle, "Process")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.OpenFile, "Inode")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.FormerName, "Directory")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.OpenFile, "OwnerObject")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Process, "Parent")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Mapping, "Object")]
    [InlineData((int)CodecFaultKind.WrongReference, (int)ObjectKind.Thread, "Process")]
    public void A_seeded_fault_is_found(int fault, int kind, string? field)
        => AssertFound(SeededCodecFault.Of((CodecFaultKind)fault, (ObjectKind)kind, field),
            $"{(CodecFaultKind)fault} in {(ObjectKind)kind} {field}");

    [Theory]
    [InlineData((int)ObjectKind.SymbolicLinkTail)]
    [InlineData((int)ObjectKind.FormerName)]
    [InlineData((int)ObjectKind.Process)]
    [InlineData((int)ObjectKind.Message)]
    [InlineData((int)ObjectKind.NamedQueue)]
    [InlineData((int)ObjectKind.InotifyEvent)]
    public void A_lost_tail_is_found(int kind) => AssertFound(SeededCodecFault.OfTail((ObjectKind)kind),
        $"lost tail of {(ObjectKind)kind}");

    private void AssertFound(SeededCodecFault fault, string name)
    {
        var fuzzer = new StateFuzzer(fault);
        string? failure = Find(fuzzer, MaxStates);
        Assert.True(failure != null, $"{name} was not found in {fuzzer.States} states");
        output.WriteLine($"attack: seeded codec faults: 1 found, {fuzzer.States} states");
        output.WriteLine($"{name} found after {fuzzer.States} states: {failure}");
    }

    private static string? Find(StateFuzzer fuzzer, int states)
    {
        for (int seed = 1_000_000; fuzzer.States < states && seed < 1_000_000 + states; seed++)
        {
            try
            {
                fuzzer.Run(StateFuzzer.Generate(seed));
            }
            catch (StateException found)
            {
                return found.Message.Split('\n')[0];
            }
        }
        return null;
    }

    // What need not be found: nobody's bytes, counts that a restore changes, time in the kernel (which takes none here), what never
    // changes.
    private static readonly string[] _forgettable =
        ["Reserved", "Padding", "Faults", "Switches", "SystemNanoseconds", "StoreBase", "MemoryObject.Flags", "PixelWidth",
            "PixelHeight", "Settings.Line", "ProcKey"];

    /// <summary>Every field of every record, forgotten when it is captured (AURORA_EXHAUSTIVE=1: minutes).</summary>
    [Fact]
    public void Every_forgotten_field_is_found()
    {
        if (Environment.GetEnvironmentVariable("AURORA_EXHAUSTIVE") != "1")
            return;
        var missed = new List<string>();
        int found = 0;
        foreach (ObjectKind kind in ObjectFields.Kinds)
        {
            foreach (ObjectField field in ObjectFields.OfRecord(kind).Where(field => !_forgettable.Any(name
                => $"{kind}.{field.Name}".Contains(name, StringComparison.Ordinal))))
            {
                if (Find(new StateFuzzer(SeededCodecFault.Of(CodecFaultKind.ForgottenField, kind, field.Name)), MaxStates) == null)
                    missed.Add($"{kind}.{field.Name}");
                else
                    found++;
            }
        }
        output.WriteLine($"attack: forgotten fields: {found} found");
        Assert.True(missed.Count == 0, $"not found: {string.Join(", ", missed)}");
    }
}
