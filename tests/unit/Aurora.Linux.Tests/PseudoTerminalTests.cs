using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Pseudo-terminals, where guests/c/ptys.c does not look: old trees, groups, limits, what records say.</summary>
public sealed unsafe class PseudoTerminalTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Lock = 0x4004_5431, Number = 0x8004_5430, Packets = 0x5420, Peer = 0x5441, SendSignal = 0x4004_5436;
    private const ulong Readable = 0x541B, Exclusive = 0x540C, Flush = 0x540B, Flow = 0x540A, TakeTerminal = 0x540E;

    private static void Is(Errno error, long? result) => Assert.Equal(-(long)error, result);

    private static long? Open(TestKernel kernel, Thread* thread, string path, ulong flags = 0x102)
        => kernel.Call(thread, 2, kernel.PokeText(thread, Scratch, path), flags);

    private static void Set(TestKernel kernel, Thread* thread, ulong file, ulong command, int value)
    {
        kernel.Poke(thread, Scratch, value);
        Assert.Equal(0, kernel.Do(thread, 16, file, command, Scratch));
    }

    private static int Get(TestKernel kernel, Thread* thread, ulong file, ulong command)
    {
        Assert.Equal(0, kernel.Do(thread, 16, file, command, Scratch));
        return kernel.Peek<int>(thread, Scratch);
    }

    private static ulong Master(TestKernel kernel, Thread* thread)
    {
        var master = (ulong)Open(kernel, thread, "/dev/ptmx")!.Value;
        Set(kernel, thread, master, Lock, 0);
        return master;
    }

    internal static (ulong Master, ulong Slave) Pair(TestKernel kernel, Thread* thread)
    {
        ulong master = Master(kernel, thread);
        return (master, (ulong)Open(kernel, thread, $"/dev/pts/{Get(kernel, thread, master, Number)}")!.Value);
    }

    internal static long? Write(TestKernel kernel, Thread* thread, ulong file, string text)
        => kernel.Call(thread, 1, file, kernel.PokeText(thread, Scratch, text), (ulong)text.Length);

    private static string? Read(TestKernel kernel, Thread* thread, ulong file, ulong count = 4096)
    {
        long? result = kernel.Call(thread, 0, file, Scratch, count);
        if (result is null or < 0)
            return result?.ToString();
        var text = new StringBuilder();
        for (ulong i = 0; i < (ulong)result.Value; i++)
            text.Append((char)kernel.Peek<byte>(thread, Scratch + i));
        return text.ToString();
    }

    private static string Target(TestKernel kernel, Thread* thread, ulong file)
    {
        long length = kernel.Do(thread, 89, kernel.PokeText(thread, Scratch, $"/proc/self/fd/{file}"), Scratch + 0x100, 100);
        kernel.Poke(thread, Scratch + 0x100 + (ulong)length, (byte)0);
        return kernel.PeekText(thread, Scratch + 0x100);
    }

    private static TestKernel Again(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image);
    }

    [Fact]
    public void A_tree_from_before_has_them_too()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 87, kernel.PokeText(init, Scratch, "/dev/ptmx"));
        (ulong master, ulong slave) = Pair(kernel, init);
        Assert.Equal("/dev/pts/ptmx", Target(kernel, init, master));
        Assert.Equal("/dev/pts/0", Target(kernel, init, slave));
        Is(Errno.EEXIST, kernel.Call(init, 83, kernel.PokeText(init, Scratch, "/dev/pts"), 0x1ED));
        Is(Errno.EBUSY, kernel.Call(init, 84, kernel.PokeText(init, Scratch, "/dev/pts")));
        Is(Errno.EBUSY, kernel.Call(init, 82, kernel.PokeText(init, Scratch, "/dev/pts"), kernel.PokeText(init, Scratch + 0x100, "/old")));
        Is(Errno.EPERM, Open(kernel, init, "/dev/pts/new", 0x42));
        Is(Errno.ENOENT, Open(kernel, init, "/dev/pts/1"));
        Is(Errno.ENOENT, Open(kernel, init, "/dev/pts/00"));
        Is(Errno.EIO, OpenNode(kernel, init));
    }

    // A node of the same number that somebody made elsewhere leads to nothing.
    private static long? OpenNode(TestKernel kernel, Thread* thread)
    {
        kernel.Do(thread, 133, kernel.PokeText(thread, Scratch, "/node"), 0x21B6, DeviceNumber.Make(136, 0));
        return Open(kernel, thread, "/node");
    }

    [Fact]
    public void Groups_number_their_own()
    {
        using var kernel = new TestKernel();
        ObjectTracker first = kernel.Tracker;
        Thread* init = kernel.Boot();
        ulong master = Pair(kernel, init).Master;
        ObjectTracker second = kernel.AddGroup();
        Thread* other = kernel.Boot();
        (ulong otherMaster, ulong slave) = Pair(kernel, other);
        Assert.Equal(0, Get(kernel, other, otherMaster, Number));
        Write(kernel, other, slave, "theirs");
        Assert.Equal("theirs", Read(kernel, other, otherMaster));
        kernel.Enter(first);
        Assert.Equal(0, Get(kernel, init, master, Readable));
        Assert.NotEqual(first.Index, second.Index);
    }

    [Fact]
    public void The_lowest_free_number_is_given()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong[] masters = [.. Enumerable.Range(0, 70).Select(_ => Master(kernel, kernel.Pids.Init->FirstThread))];
        foreach (int number in new[] { 66, 3, 40 })
            kernel.Do(init, 3, masters[number]);
        Assert.Equal([3, 40, 66, 70], Enumerable.Range(0, 4).Select(_
            => Get(kernel, kernel.Pids.Init->FirstThread, Master(kernel, kernel.Pids.Init->FirstThread), Number)));
    }

    /// <summary>A number is another's only when nobody has the terminal open any more.</summary>
    [Fact]
    public void A_number_is_kept_as_long_as_somebody_has_it_open()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        kernel.Do(init, 3, master);
        Assert.Equal("/dev/pts/0 (deleted)", Target(kernel, init, slave));
        using TestKernel next = Again(kernel);
        init = next.Pids.Init->FirstThread;
        ulong later = Master(next, init);
        Assert.Equal(1, Get(next, init, later, Number));
        next.Do(init, 3, later);
        next.Do(init, 3, slave);
        Assert.Equal(0, Get(next, init, Master(next, init), Number));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void There_are_so_many_and_no_more(uint user)
    {
        var options = new MemoryOptions { MaxObjects = 4096, MaxMappings = 8192, MaxSpaces = 512, MaxDirtyPages = 65536, MaxPageIns = 32 };
        using var kernel = new TestKernel(new HostPageAllocator(), new HostFramePool(8192), options, FileLimits.Default, isPlain: false);
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 4096UL);
        kernel.Poke(init, Scratch + 8, 4096UL);
        kernel.Do(init, 160, 7, Scratch);
        int limit = TerminalNodes.Most;
        int made = 0;
        long? result = 0;
        for (int i = 0; i < 2; i++)
        {
            // No process has so many files.
            Thread* child = kernel.Fork(init);
            if (user != 0)
                kernel.Do(child, 105, user);
            for (result = 0; result >= 0; made += result >= 0 ? 1 : 0)
                result = Open(kernel, child, "/dev/ptmx");
        }
        Is(user == 0 ? Errno.ENOSPC : Errno.ENOMEM, result);
        Assert.Equal(user == 0 ? limit : (limit - (limit / UserAccounts.ObjectReserveShare)) / 2, made);
        Assert.Equal(made, kernel.Files.Terminals.CountOf(kernel.Tracker.Index));
        // Who else there is can still have some.
        if (user != 0)
            Pair(kernel, init);
    }

    [Fact]
    public void What_waits_on_either_side_goes_on_behind_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Thread* reader = kernel.Fork(init);
        Thread* watcher = kernel.Fork(init);
        Assert.Null(kernel.Call(reader, 0, slave, Scratch, 100));
        Assert.Null(kernel.Call(watcher, 0, master, Scratch, 100));
        (int first, int second) = (reader->Id, watcher->Id);
        using TestKernel next = Again(kernel);
        init = next.Pids.Init->FirstThread;
        Assert.Equal(3, Write(next, init, master, "hi\n"));
        Assert.Equal(3, next.Resume(next.ThreadOf(first)));
        Assert.Equal(4, next.Resume(next.ThreadOf(second)));
    }

    [Fact]
    public void Who_waits_for_input_when_the_master_closes_fails_and_who_comes_later_finds_the_end()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Thread* reader = kernel.Fork(init);
        kernel.Do(reader, 3, master);
        Assert.Null(kernel.Call(reader, 0, slave, Scratch, 100));
        kernel.Do(init, 3, master);
        Is(Errno.EIO, kernel.Resume(reader));
        Assert.Equal(0, kernel.Call(reader, 0, slave, Scratch, 100));
        Is(Errno.EIO, Write(kernel, reader, slave, "x"));
        Is(Errno.EIO, kernel.Call(reader, 16, slave, Readable, Scratch));
        Is(Errno.ENOTTY, kernel.Call(reader, 16, slave, 0x5410, Scratch));
    }

    /// <summary>The leader hears of a hang-up at once, its foreground group when it ends (disassociate_ctty).</summary>
    [Fact]
    public void A_hang_up_reaches_the_leader_and_later_its_foreground_group()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Thread* leader = kernel.Fork(init);
        kernel.Do(leader, 3, master);
        kernel.Do(leader, 112);
        Assert.Equal(0, kernel.Do(leader, 16, slave, TakeTerminal, 0));
        Ignore(kernel, leader, 1);
        Thread* job = kernel.Fork(leader);
        kernel.Do(job, 109, 0, 0);
        Set(kernel, leader, slave, 0x5410, job->Process->Id);
        kernel.Poke(job, Scratch, SignalSet.Of(Signal.SIGHUP));
        kernel.Do(job, 14, 0, Scratch, 0, 8);
        (int leaderId, int jobId) = (leader->Id, job->Id);
        kernel.Do(init, 3, master);
        Assert.Equal(jobId, leader->Process->ProcessGroup->Session->FormerForeground);
        using TestKernel next = Again(kernel);
        job = next.ThreadOf(jobId);
        Assert.False(IsPending(next, job, Signal.SIGHUP));
        next.Call(next.ThreadOf(leaderId), 231, 0);
        Assert.True(IsPending(next, job, Signal.SIGHUP));
    }

    private static void Ignore(TestKernel kernel, Thread* thread, ulong signal)
    {
        kernel.Poke(thread, Scratch, 1UL);
        kernel.Poke(thread, Scratch + 8, 0UL);
        kernel.Poke(thread, Scratch + 16, 0UL);
        kernel.Poke(thread, Scratch + 24, 0UL);
        kernel.Do(thread, 13, signal, Scratch, 0, 8);
    }

    private static bool IsPending(TestKernel kernel, Thread* thread, Signal signal)
    {
        kernel.Do(thread, 127, Scratch, 8);
        return kernel.Peek<SignalSet>(thread, Scratch).Contains(signal);
    }

    [Fact]
    public void Packets_survive_a_restore()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Set(kernel, init, master, Packets, 1);
        Write(kernel, init, slave, "data");
        Write(kernel, init, master, "\x13");
        using TestKernel next = Again(kernel);
        init = next.Pids.Init->FirstThread;
        Assert.Equal("\x04", Read(next, init, master));
        Assert.Equal("\0da", Read(next, init, master, 3));
        Assert.Equal("\0ta", Read(next, init, master));
        Assert.Equal(1, Get(next, init, master, 0x8004_5438));
    }

    [Fact]
    public void A_full_ring_takes_what_empties_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Assert.Equal(0, kernel.Do(init, 72, master, 4, 0x802));
        string line = new string('a', 100) + "\n";
        long written = 0;
        for (long? each = 0; each >= 0; written += each > 0 ? each.Value : 0)
        {
            each = Write(kernel, init, master, line);
            Read(kernel, init, master);
        }
        Assert.InRange(written, 4000, Terminal.InputBytes);
        Is(Errno.EAGAIN, Write(kernel, init, master, "more"));
        Assert.Equal(5, Write(kernel, init, master, "mo\x03re"));
        Assert.Equal(0, Get(kernel, init, slave, Readable));
        Assert.Equal(1, Write(kernel, init, master, "\n"));
        Assert.Equal("re\n", Read(kernel, init, slave));
    }

    [Fact]
    public void Buffers_are_flushed_on_their_own_side()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong master, ulong slave) = Pair(kernel, init);
        Write(kernel, init, slave, "out");
        Write(kernel, init, master, "in\n");
        Assert.Equal(3, Get(kernel, init, slave, Readable));
        Assert.Equal(7, Get(kernel, init, master, Readable));
        kernel.Do(init, 16, master, Flush, 0);
        Assert.Equal(0, Get(kernel, init, master, Readable));
        kernel.Do(init, 16, slave, Flush, 2);
        Assert.Equal(0, Get(kernel, init, slave, Readable));
        kernel.Do(init, 16, slave, Flow, 2);
        Assert.Equal("\x13", Read(kernel, init, master));
        Is(Errno.EINVAL, kernel.Call(init, 16, master, Flush, 3));
        Is(Errno.EINVAL, kernel.Call(init, 16, master, SendSignal, 15));
        Assert.Equal(0, kernel.Do(init, 16, master, SendSignal, 2));
    }

    [Fact]
    public void One_may_have_it_for_himself()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong slave = Pair(kernel, init).Slave;
        kernel.Do(init, 91, slave, 0x1B6);
        Assert.Equal(0, kernel.Do(init, 16, slave, Exclusive, 0));
        Thread* user = kernel.Fork(init);
        kernel.Do(user, 105, 1000);
        Is(Errno.EBUSY, Open(kernel, user, "/dev/pts/0"));
        Assert.InRange(Open(kernel, init, "/dev/pts/0")!.Value, 0, 1000);
    }

    [Theory]
    [InlineData(0x002, true)]
    [InlineData(0x102, false)]
    [InlineData(0x001, false)]
    public void A_leader_gets_what_it_opens_unless_it_says_that_it_will_not(ulong flags, bool isTaken)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Master(kernel, init);
        Thread* leader = kernel.Fork(init);
        kernel.Do(leader, 112);
        Open(kernel, leader, "/dev/pts/0", flags);
        Assert.Equal(isTaken, leader->Process->ProcessGroup->Session->Terminal != null);
        // A master is nobody's.
        Thread* other = kernel.Fork(init);
        kernel.Do(other, 112);
        Open(kernel, other, "/dev/ptmx", 2);
        Assert.True(other->Process->ProcessGroup->Session->Terminal == null);
    }

    [Fact]
    public void The_node_belongs_to_who_made_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* user = kernel.Fork(init);
        kernel.Do(user, 105, 1000);
        ulong master = Master(kernel, user);
        var terminal = (Terminal*)Descriptors.Find((DescriptorTable*)user->Process->Descriptors, (int)master)->Attachment;
        Inode* node = terminal->Pseudo.Node;
        Assert.Equal((1000u, 5u, 0x2190u), (node->Uid, node->Gid, node->Mode));
        Thread* stranger = kernel.Fork(init);
        kernel.Do(stranger, 105, 1001);
        Is(Errno.EACCES, Open(kernel, stranger, "/dev/pts/0"));
    }

    [Fact]
    public void Two_terminals_of_one_number_are_refused()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Pair(kernel, init);
        Pair(kernel, init);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
        foreach (ulong id in image.Records.Where(each => each.Value.Kind == ObjectKind.Terminal).Select(each => each.Key).ToArray())
        {
            (ObjectKind kind, byte[] payload) = image.Records[id];
            byte[] changed = [.. payload];
            changed[640] ^= 1;
            image.Records[id] = (kind, changed);
            Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
            image.Records[id] = (kind, payload);
        }
    }
}
