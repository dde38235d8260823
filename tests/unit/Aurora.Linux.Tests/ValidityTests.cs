using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Linux.Tests;

/// <summary>
/// One definition of validity: every number of every kind of kernel object gets impossible values in turn. What the check before commit passes,
/// a restore takes; what it refuses because of something a record shows, a restore refuses. (The kinds of Aurora.Memory are tested there.)
/// </summary>
public sealed unsafe class ValidityTests(ITestOutputHelper output)
{
    private const ulong Scratch = TestKernel.Scratch;

    // What says who an object is: the live tables know better than a record could, so the check may refuse more.
    private static readonly HashSet<string> _identities =
    [
        "Process.Id", "Thread.Id", "ProcessGroup.Id", "Session.Id", "DescriptorChunk.Index", "Inode.Flags",
        "Terminal.Pseudo.Masters", "Terminal.Pseudo.Slaves",
        "SharedSegment.Ipc.Id", "SharedSegment.Ipc.Key", "MessageQueue.Ipc.Id", "MessageQueue.Ipc.Key",
        "SemaphoreSet.Ipc.Id", "SemaphoreSet.Ipc.Key", "NamedQueue.Ipc.Id", "NamedQueue.IsNamed", "InotifyWatch.Number",
    ];

    [Theory]
    [InlineData(ObjectKind.Process)]
    [InlineData(ObjectKind.Thread)]
    [InlineData(ObjectKind.SignalActions)]
    [InlineData(ObjectKind.ProcessGroup)]
    [InlineData(ObjectKind.Session)]
    [InlineData(ObjectKind.Terminal)]
    [InlineData(ObjectKind.TerminalText)]
    [InlineData(ObjectKind.MachineSettings)]
    [InlineData(ObjectKind.Timer)]
    [InlineData(ObjectKind.SignalBacklog)]
    [InlineData(ObjectKind.DescriptorTable)]
    [InlineData(ObjectKind.DescriptorChunk)]
    [InlineData(ObjectKind.OpenFile)]
    [InlineData(ObjectKind.Inode)]
    [InlineData(ObjectKind.DirectoryEntry)]
    [InlineData(ObjectKind.FormerName)]
    [InlineData(ObjectKind.Pipe)]
    [InlineData(ObjectKind.FileLock)]
    [InlineData(ObjectKind.FileContext)]
    [InlineData(ObjectKind.SymbolicLinkTail)]
    [InlineData(ObjectKind.ExtendedAttributes)]
    [InlineData(ObjectKind.EventCounter)]
    [InlineData(ObjectKind.TimerFile)]
    [InlineData(ObjectKind.SignalFile)]
    [InlineData(ObjectKind.ProcessHandle)]
    [InlineData(ObjectKind.EventPoll)]
    [InlineData(ObjectKind.EventWatch)]
    [InlineData(ObjectKind.Inotify)]
    [InlineData(ObjectKind.InotifyWatch)]
    [InlineData(ObjectKind.InotifyEvent)]
    [InlineData(ObjectKind.IpcSpace)]
    [InlineData(ObjectKind.SharedSegment)]
    [InlineData(ObjectKind.MessageQueue)]
    [InlineData(ObjectKind.Message)]
    [InlineData(ObjectKind.NamedQueue)]
    [InlineData(ObjectKind.IpcWaiter)]
    [InlineData(ObjectKind.SemaphoreSet)]
    [InlineData(ObjectKind.SemaphoreBlock)]
    [InlineData(ObjectKind.SemaphoreUndo)]
    [InlineData(ObjectKind.Socket)]
    [InlineData(ObjectKind.SocketMessage)]
    [InlineData(ObjectKind.SocketRights)]
    public void The_check_before_commit_refuses_what_a_restore_refuses(ObjectKind kind)
    {
        using var kernel = new TestKernel();
        Fill(kernel);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        ulong[] chosen = [.. image.Records.Where(record => record.Value.Kind == kind).Select(record => record.Key)];
        Assert.NotEmpty(chosen);
        var wrong = new List<string>();
        int cases = 0;
        foreach (ulong id in Sample(kernel, chosen))
            foreach (StructField field in FieldsOf(kind).Where(field => !field.Name.Contains(".Limits.", StringComparison.Ordinal)))
                foreach (ulong value in (ulong[])[0, 1, 65, ulong.MaxValue, 1UL << ((field.Bytes * 8) - 2)])
                    cases += Try(kernel, image, id, field, value, wrong) ? 1 : 0;
        output.WriteLine($"attack: impossible values of kernel objects: {cases} cases");
        Assert.Empty(wrong);
    }

    // Changes one number of a live object, asks the check, restores what it would have captured, and puts the number back.
    private static bool Try(TestKernel kernel, TestKernel.Image image, ulong id, StructField field, ulong value, List<string> wrong)
    {
        ObjectHeader* header = kernel.Tracker.Find(new ObjectId(id));
        var number = new Span<byte>((byte*)header + field.Offset, field.Bytes);
        byte[] before = number.ToArray();
        BitConverter.GetBytes(value).AsSpan(0, field.Bytes).CopyTo(number);
        (ObjectKind kind, byte[] original) = image.Records[id];
        bool isSound = image.Records.All(record => kernel.Codecs[record.Value.Kind].IsSound(kernel.Tracker.Find(new ObjectId(record.Key))));
        byte[] payload = new byte[StateCodec.MaxPayloadBytes];
        // A length or count that the check refuses may not be followed by a capture.
        bool isLength = field.Name.Contains("Length", StringComparison.Ordinal) || field.Name == "SignalBacklog.Count";
        byte[] captured = isSound || !isLength
            ? payload[..kernel.Codecs[kind].Capture(header, payload)] : original;
        before.CopyTo(number);
        if (captured.AsSpan().SequenceEqual(original))
            return false;
        image.Records[id] = (kind, captured);
        RestoreStatus status = TestKernel.TryRestore(image);
        image.Records[id] = (kind, original);
        if (isSound && status != RestoreStatus.Ok)
            wrong.Add($"{field.Name} = 0x{value:x}: passed, but a restore says {status}");
        if (!isSound && status == RestoreStatus.Ok && !_identities.Contains(field.Name))
            wrong.Add($"{field.Name} = 0x{value:x}: refused, though a restore takes it");
        return true;
    }

    // Objects of a kind that differ in what matters: a few of each.
    private static IEnumerable<ulong> Sample(TestKernel kernel, ulong[] ids)
    {
        if (kernel.Tracker.Find(new ObjectId(ids[0]))->Kind != ObjectKind.Inode)
            return ids.Length <= 2 ? ids : [ids[0], ids[^1]];
        return ids.GroupBy(id => ((Inode*)kernel.Tracker.Find(new ObjectId(id)))->Type).Select(type => type.Last());
    }

    private static List<StructField> FieldsOf(ObjectKind kind) => kind switch
    {
        ObjectKind.Process => StructFields.Of<Process>(),
        ObjectKind.Thread => StructFields.Of<Thread>(),
        ObjectKind.SignalActions => StructFields.Of<SignalActions>(),
        ObjectKind.ProcessGroup => StructFields.Of<ProcessGroup>(),
        ObjectKind.Session => StructFields.Of<Session>(),
        ObjectKind.Terminal => StructFields.Of<Terminal>(),
        ObjectKind.TerminalText => StructFields.Of<TerminalText>(),
        ObjectKind.MachineSettings => StructFields.Of<MachineSettings>(),
        ObjectKind.Timer => StructFields.Of<Aurora.Posix.Time.Timer>(),
        ObjectKind.SignalBacklog => StructFields.Of<SignalBacklog>(),
        ObjectKind.DescriptorTable => StructFields.Of<DescriptorTable>(),
        ObjectKind.DescriptorChunk => StructFields.Of<DescriptorChunk>(),
        ObjectKind.OpenFile => StructFields.Of<OpenFile>(),
        ObjectKind.Inode => StructFields.Of<Inode>(),
        ObjectKind.DirectoryEntry or ObjectKind.FormerName => StructFields.Of<DirectoryEntry>(),
        ObjectKind.Pipe => StructFields.Of<Pipe>(),
        ObjectKind.FileLock => StructFields.Of<FileLock>(),
        ObjectKind.FileContext => StructFields.Of<FileContext>(),
        ObjectKind.ExtendedAttributes => StructFields.Of<ExtendedAttributes>(),
        ObjectKind.EventCounter => StructFields.Of<EventCounter>(),
        ObjectKind.TimerFile => StructFields.Of<TimerFile>(),
        ObjectKind.SignalFile => StructFields.Of<SignalFile>(),
        ObjectKind.ProcessHandle => StructFields.Of<ProcessHandle>(),
        ObjectKind.EventPoll => StructFields.Of<EventPoll>(),
        ObjectKind.EventWatch => StructFields.Of<EventWatch>(),
        ObjectKind.Inotify => StructFields.Of<Inotify>(),
        ObjectKind.InotifyWatch => StructFields.Of<InotifyWatch>(),
        ObjectKind.InotifyEvent => StructFields.Of<InotifyEvent>(),
        ObjectKind.IpcSpace => StructFields.Of<IpcSpace>(),
        ObjectKind.SharedSegment => StructFields.Of<SharedSegment>(),
        ObjectKind.MessageQueue => StructFields.Of<MessageQueue>(),
        ObjectKind.Message => StructFields.Of<Message>(),
        ObjectKind.NamedQueue => StructFields.Of<NamedQueue>(),
        ObjectKind.IpcWaiter => StructFields.Of<IpcWaiter>(),
        ObjectKind.SemaphoreSet => StructFields.Of<SemaphoreSet>(),
        ObjectKind.SemaphoreBlock => StructFields.Of<SemaphoreBlock>(),
        ObjectKind.SemaphoreUndo => StructFields.Of<SemaphoreUndo>(),
        ObjectKind.Socket => StructFields.Of<Socket>(),
        ObjectKind.SocketMessage => StructFields.Of<SocketMessage>(),
        ObjectKind.SocketRights => StructFields.Of<SocketRights>(),
        _ => StructFields.Of<SymbolicLinkTail>(),
    };

    // A counter, a timer that stands still and one that runs, and one that may be given up; signals.
    private static void FillEvents(TestKernel kernel, Thread* init)
    {
        kernel.Do(init, 290, 5, 1);
        kernel.Poke(init, Scratch, new IntervalTimespec { Value = Timespec.From(1), Interval = Timespec.From(7) });
        kernel.Do(init, 286, (ulong)kernel.Do(init, 283, 1, 0), 0, Scratch, 0);
        kernel.Advance(100);
        kernel.Poke(init, Scratch, new IntervalTimespec { Value = Timespec.From(2_000_000_000_000_000_000) });
        kernel.Do(init, 286, (ulong)kernel.Do(init, 283, 0, 0), 3, Scratch, 0);
        kernel.Poke(init, Scratch, 0xFFUL);
        kernel.Do(init, 289, unchecked((ulong)-1), Scratch, 8, 0);
        FillPidfds(kernel, init);
        FillWatches(kernel, init);
    }

    // An instance that has lost events, and one that watches what else is done here.
    private static void FillWatches(TestKernel kernel, Thread* init)
    {
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.QueuedEvents, 2);
        ulong full = (ulong)kernel.Do(init, 294, 0);
        kernel.Settings.SetInotifyLimit(kernel.Tracker, InotifyLimit.QueuedEvents, 1000);
        ulong all = (ulong)kernel.Do(init, 294, 0x800);
        kernel.Do(init, 254, full, kernel.PokeText(init, Scratch, "/"), InotifyMask.Create | InotifyMask.ExcludeUnlinked);
        kernel.Do(init, 254, all, Scratch, InotifyMask.AllEvents);
        for (int i = 0; i < 3; i++)
            kernel.Do(init, 83, kernel.PokeText(init, Scratch, $"/folder{i}"), 0x1ED);
        kernel.Do(init, 254, all, Scratch, InotifyMask.Open | InotifyMask.OneShot);
        kernel.Do(init, 82, Scratch, kernel.PokeText(init, Scratch + 0x100, "/moved"));
    }

    // Two of a process that lives, and one of a child that has been waited for.
    private static void FillPidfds(TestKernel kernel, Thread* init)
    {
        kernel.Do(init, 434, 1, 0);
        kernel.Do(init, 434, 1, 0x800);
        Thread* child = kernel.Fork(init);
        ulong id = (ulong)child->Id;
        kernel.Do(init, 434, id, 0);
        kernel.Call(child, 60, 0);
        Assert.Equal((long)id, kernel.Do(init, 61, id, 0, 0, 0));
    }

    // One with something in it and a reader, and one whose master is closed.
    private static void FillTerminals(TestKernel kernel, Thread* init)
    {
        ulong gone = PseudoTerminalTests.Pair(kernel, init).Master;
        (ulong master, ulong slave) = PseudoTerminalTests.Pair(kernel, init);
        kernel.Do(init, 3, gone);
        PseudoTerminalTests.Write(kernel, init, slave, "some output\n");
        PseudoTerminalTests.Write(kernel, init, master, "half a line");
        Assert.Null(kernel.Call(kernel.Fork(init), 0, slave, Scratch, 100));
    }

    // A segment with a key, and a removed one that is attached and locked.
    private static void FillIpc(TestKernel kernel, Thread* init)
    {
        kernel.Do(init, 29, 7, 5000, 0x3B6);
        ulong gone = (ulong)kernel.Do(init, 29, 0, 5000, 0x1B6);
        kernel.Do(init, 30, gone, 0, 0);
        kernel.Do(init, 31, gone, 11, 0);
        kernel.Do(init, 31, gone, 0, 0);
        ulong queue = (ulong)kernel.Do(init, 68, 7, 0x3B6);
        kernel.Poke(init, Scratch, 5L);
        kernel.Do(init, 69, queue, Scratch, 10, 0);
        kernel.Do(init, 69, queue, Scratch, 7000, 0);
        kernel.Do(init, 69, queue, Scratch, 7000, 0);
        Assert.Null(kernel.Call(kernel.Fork(init), 69, queue, Scratch, 7000, 0));
        Assert.Null(kernel.Call(kernel.Fork(init), 70, queue, Scratch, 7000, 6, 0));
        Thread* served = kernel.Fork(init);
        ulong other = (ulong)kernel.Do(init, 68, 0, 0x3B6);
        Assert.Null(kernel.Call(served, 70, other, Scratch, 7000, 0, 0));
        kernel.Do(init, 69, other, Scratch, 20, 0);
        ulong set = (ulong)kernel.Do(init, 64, 7, 100, 0x3B6);
        kernel.Poke(init, Scratch, 0x1000_0003_0046UL);
        kernel.Do(init, 65, set, Scratch, 1);
        kernel.Poke(init, Scratch, 0x0000_FFFF_0005UL);
        Assert.Null(kernel.Call(kernel.Fork(init), 65, set, Scratch, 1));
    }

    // A session with every kind of object in it.
    private static void Fill(TestKernel kernel)
    {
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.Do(init, 170, kernel.PokeText(init, Scratch, "named"), 5);
        kernel.Do(init, 293, Scratch, 0);
        ulong writer = kernel.Peek<uint>(init, Scratch + 4);
        FillEvents(kernel, init);
        FillIpc(kernel, init);
        NamedQueueTests.Fill(kernel, init);
        SocketTests.Fill(kernel, init);
        FillTerminals(kernel, init);
        kernel.Do(init, 1, writer, Scratch, 100);
        ulong poll = (ulong)kernel.Do(init, 291, 0);
        kernel.Poke(init, Scratch, new LinuxEpollEvent { Events = 4 | EventFlags.OneShot, Data = 5 });
        kernel.Do(init, 233, poll, 1, writer, Scratch);
        kernel.Do(init, 232, poll, Scratch, 1, 0);
        kernel.Poke(init, Scratch, new LinuxEpollEvent { Events = 1 | EventFlags.EdgeTriggered, Data = 5 });
        kernel.Do(init, 233, poll, 1, writer - 1, Scratch);
        kernel.WriteFile("/l", "text"u8, 0x81B6);
        ulong file = (ulong)kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/l"), 2);
        kernel.Do(init, 73, file, 1);
        kernel.Do(init, 190, file, kernel.PokeText(init, Scratch, "user.short"), Scratch, 20, 0);
        kernel.Do(init, 190, file, kernel.PokeText(init, Scratch, "trusted.long"), Scratch, 2000, 0);
        kernel.Poke(init, Scratch, new LinuxLock { Type = LinuxLock.Write, Start = 5, Length = 5 });
        kernel.Do(init, 72, file, 6, Scratch);
        kernel.Poke(init, Scratch, new LinuxLock { Type = LinuxLock.Write, Start = 50, Length = 5 });
        kernel.Do(init, 72, file, 37, Scratch);
        kernel.Do(init, 133, kernel.PokeText(init, Scratch, "/fifo"), 0x11B6);
        kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/gone"), 0x42, 0x1B6);
        kernel.Do(init, 87, Scratch);
        kernel.Do(init, 88, kernel.PokeText(init, Scratch + 0x2000, new string('x', 3500)), kernel.PokeText(init, Scratch, "/long"));
        kernel.Do(init, 88, kernel.PokeText(init, Scratch + 0x2000, "l"), kernel.PokeText(init, Scratch, "/short"));
        Thread* child = kernel.Fork(init);
        kernel.Do(child, 109, 0, 0);
        kernel.Do(child, 222, 1, 0, Scratch + 8);
        kernel.Poke(child, Scratch + 16, new IntervalTimespec { Value = Timespec.From(5_000_000_000), Interval = Timespec.From(1_000_000_000) });
        kernel.Do(child, 223, 0, 0, Scratch + 16, 0);
        kernel.Poke(child, Scratch, ulong.MaxValue);
        kernel.Do(child, 14, 0, Scratch, 0, 8);
        kernel.Do(init, 62, (ulong)child->Id, 40);
        for (int i = 0; i < SignalQueue.Limit + 9; i++)
            kernel.Do(child, 234, (ulong)child->Id, (ulong)child->Id, 41);
        Assert.Null(kernel.Call(child, 2, kernel.PokeText(child, Scratch, "/fifo"), 0));
        kernel.Call(kernel.Fork(init), 231, 9);
        kernel.Type("done\nhalf");
    }
}
