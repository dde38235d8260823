using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What /proc tells of processes, threads and the machine.</summary>
public sealed unsafe class ProcFileTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Buffer = Scratch + 0x8000;
    private const ulong Area = 0x7000_0000;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public ProcFileTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Open(Thread* thread, string path, ulong flags = 0)
        => _kernel.Call(thread, 2, _kernel.PokeText(thread, Scratch, path), flags)!.Value;

    private byte[] Bytes(Thread* thread, string path, ulong atOnce = 0x2000)
    {
        long descriptor = Open(thread, path);
        Assert.True(descriptor >= 0, $"{path}: {descriptor}");
        var bytes = new List<byte>();
        for (long count; (count = _kernel.Do(thread, 0, (ulong)descriptor, Buffer, atOnce)) > 0;)
            for (long i = 0; i < count; i++)
                bytes.Add(_kernel.Peek<byte>(thread, Buffer + (ulong)i));
        _kernel.Do(thread, 3, (ulong)descriptor);
        return [.. bytes];
    }

    private string Text(Thread* thread, string path, ulong atOnce = 0x2000) => Encoding.Latin1.GetString(Bytes(thread, path, atOnce));

    private string Link(Thread* thread, string path)
    {
        long length = _kernel.Do(thread, 89, _kernel.PokeText(thread, Scratch, path), Buffer, 1000);
        var text = new StringBuilder();
        for (long i = 0; i < length; i++)
            text.Append((char)_kernel.Peek<byte>(thread, Buffer + (ulong)i));
        return text.ToString();
    }

    private static ulong Field(string text, string name)
        => ulong.Parse(text.Split('\n').First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'],
            StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);

    private Thread* SecondThread(Thread* thread)
    {
        const ulong flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
        Thread* second = _kernel.ThreadOf(_kernel.Do(thread, 56, flags, Scratch + 0x4000));
        _kernel.Resume(second);
        return second;
    }

    [Fact]
    public void A_thread_shows_its_own_name_state_signals_and_times()
    {
        Thread* second = SecondThread(_init);
        _kernel.PokeText(second, Scratch, "worker");
        _kernel.Do(second, 157, 15, Scratch);
        _kernel.Poke(second, Scratch, 1UL << 39);
        _kernel.Do(second, 14, 0, Scratch, 0, 8);
        _kernel.Do(_init, 234, 1, (ulong)second->Id, 40);
        string own = Text(_init, $"/proc/1/task/{second->Id}/status");
        Assert.Contains("Name:\tworker\n", own, StringComparison.Ordinal);
        Assert.Equal(((ulong)second->Id, 1UL, 2UL), (Field(own, "Pid"), Field(own, "Tgid"), Field(own, "Threads")));
        Assert.Contains("SigPnd:\t0000008000000000\nShdPnd:\t0000000000000000\nSigBlk:\t0000008000000000\n", own, StringComparison.Ordinal);
        string leader = Text(_init, "/proc/1/status");
        Assert.Contains("SigPnd:\t0000000000000000\n", leader, StringComparison.Ordinal);
        Assert.DoesNotContain("worker", leader, StringComparison.Ordinal);
        Assert.Equal("worker\n", Text(_init, $"/proc/1/task/{second->Id}/comm"));
        Assert.StartsWith($"{second->Id} (worker) ", Text(_init, $"/proc/1/task/{second->Id}/stat"), StringComparison.Ordinal);
        Assert.StartsWith("1 (", Text(_init, "/proc/1/stat"), StringComparison.Ordinal);
        long open = Open(_init, $"/proc/1/task/{second->Id}/stat");
        Assert.Equal($"/proc/1/task/{second->Id}/stat", Link(_init, $"/proc/self/fd/{open}"));
        _kernel.Call(second, 60, 0);
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, 0, (ulong)open, Buffer, 100));
    }

    [Fact]
    public void Thread_self_leads_to_the_thread_that_asks()
    {
        Thread* second = SecondThread(_init);
        Assert.Equal($"1/task/{second->Id}", Link(second, "/proc/thread-self"));
        Assert.Equal("1/task/1", Link(_init, "/proc/thread-self"));
        _kernel.PokeText(second, Scratch, "worker");
        _kernel.Do(second, 157, 15, Scratch);
        Assert.Equal("worker\n", Text(second, "/proc/thread-self/comm"));
    }

    [Fact]
    public void A_boot_has_one_id_and_every_uuid_is_another()
    {
        string boot = Text(_init, "/proc/sys/kernel/random/boot_id");
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$", boot);
        Assert.Equal(boot, Text(_init, "/proc/sys/kernel/random/boot_id"));
        string uuid = Text(_init, "/proc/sys/kernel/random/uuid");
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$", uuid);
        Assert.True(uuid != boot && uuid != Text(_init, "/proc/sys/kernel/random/uuid"));
    }

    [Fact]
    public void Status_tells_signals_limits_and_memory_as_they_are()
    {
        Handlers.Catch(_kernel, _init, Posix.Signals.Signal.SIGUSR1);
        _kernel.Poke(_init, Scratch, new Posix.Signals.SignalAction { Handler = 1 });
        _kernel.Do(_init, 13, 12, Scratch, 0, 8);
        _kernel.Do(_init, 9, Area, 16 * 4096, 3, 0x32, ulong.MaxValue, 0);
        _kernel.Do(_init, 149, Area, 4096 * 2);
        string status = Text(_init, "/proc/self/status");
        Assert.Contains("SigIgn:\t0000000000000800\nSigCgt:\t0000000000000200\n", status, StringComparison.Ordinal);
        Assert.Contains("SigQ:\t0/4096\n", status, StringComparison.Ordinal);
        Assert.Equal(8UL, Field(status, "VmLck"));
        Assert.Equal(Field(status, "VmSize"), ((AddressSpace*)_init->Process->AddressSpace)->MappedPages * 4);
        Assert.Equal((16UL * 4) + (TestKernel.ScratchBytes / 1024), Field(status, "VmData"));
        Assert.Equal((64UL, 0UL, 0UL), (Field(status, "FDSize"), Field(status, "Seccomp"), Field(status, "NoNewPrivs")));
        string limits = Text(_init, "/proc/self/limits");
        Assert.Contains("Max pending signals       4096                 4096                 signals   \n", limits,
            StringComparison.Ordinal);
        Assert.Equal(17, limits.Count(c => c == '\n'));
    }

    [Fact]
    public void Mappings_tell_how_much_of_them_is_there_however_many_they_are()
    {
        _kernel.Do(_init, 9, Area, 8 * 4096, 3, 0x32, ulong.MaxValue, 0);
        _kernel.Poke(_init, Area, 1);
        _kernel.Poke(_init, Area + 0x3000, 1);
        // Every other page another protection: pieces, each of which has lines of its own.
        const int pieces = 100;
        _kernel.Do(_init, 9, Area + 0x10_0000, pieces * 4096, 3, 0x32, ulong.MaxValue, 0);
        for (ulong i = 0; i < pieces; i += 2)
            _kernel.Do(_init, 10, Area + 0x10_0000 + (i * 4096), 4096, 1);
        // The first time brings in the pages it is read into.
        Text(_init, "/proc/self/smaps", 0x4000);
        string smaps = Text(_init, "/proc/self/smaps", 0x4000);
        string[] parts = smaps.Split("VmFlags:");
        Assert.Equal(Text(_init, "/proc/self/maps").Count(c => c == '\n'), parts.Length - 1);
        string area = parts.First(part => part.Contains("70000000-70008000 rw-p", StringComparison.Ordinal));
        Assert.Equal((32UL, 8UL, 8UL, 0UL),
            (Field(area, "Size"), Field(area, "Rss"), Field(area, "Private_Dirty"), Field(area, "Shared_Clean")));
        ulong sum = 0;
        foreach (string part in parts.SkipLast(1))
            sum += Field(part, "Rss");
        string rollup = Text(_init, "/proc/self/smaps_rollup");
        Assert.Equal(sum, Field(rollup, "Rss"));
    }

    [Fact]
    public void Counting_a_large_mapping_goes_on_in_steps_and_comes_to_the_same()
    {
        const ulong pages = 2048;
        _kernel.Do(_init, 9, Area, pages << 12, 3, 0x32, ulong.MaxValue, 0);
        for (ulong i = 0; i < pages; i++)
            _kernel.Poke(_init, Area + (i << 12), 1);
        AddressSpace* space = (AddressSpace*)_init->Process->AddressSpace;
        ulong from = Area;
        int steps = 0;
        ResidentPages counted = default;
        for (bool isDone = false; !isDone; steps++)
        {
            int budget = 600;
            isDone = _kernel.Memory.Residency.CountResident(space, ref from, Area + (pages << 12), ref budget, ref counted);
        }
        Assert.Equal((pages, 2), ((ulong)counted.Present, steps));
        // Nothing there: no step for what has no tables.
        from = Area;
        int little = 1;
        counted = default;
        Assert.True(_kernel.Memory.Residency.CountResident(space, ref from, 1UL << 46, ref little, ref counted) || from > Area);
    }

    // What a program with set-id bits is handed may be its own memory, opened before its execve.
    [Fact]
    public void What_is_not_dumpable_does_not_read_its_own_memory()
    {
        long memory = Open(_init, "/proc/self/mem");
        Assert.Equal(8, _kernel.Do(_init, 17, (ulong)memory, Buffer, 8, Scratch));
        _kernel.Do(_init, 157, 4, 0);
        Assert.Equal(-(long)Errno.EACCES, _kernel.Call(_init, 17, (ulong)memory, Buffer, 8, Scratch));
    }

    [Fact]
    public void Counting_that_pauses_is_paid_for_no_longer_than_it_lasts()
    {
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        _kernel.Do(user, 157, 4, 1);
        _kernel.Do(user, 9, Area, 300UL << 20, 3, 0x4032, ulong.MaxValue, 0);
        for (ulong at = 0; at < 300UL << 20; at += 2UL << 20)
            _kernel.Poke(user, Area + at, 1);
        long rollup = Open(user, "/proc/self/smaps_rollup");
        ulong before = _kernel.Pages.Accounts.BytesOf(1000);
        Assert.True(_kernel.Do(user, 0, (ulong)rollup, Buffer, 2048) > 100);
        _kernel.Do(user, 3, (ulong)rollup);
        Assert.InRange(_kernel.Pages.Accounts.BytesOf(1000), 0UL, before);
        _kernel.Call(user, 231, 0);
        _kernel.Pages.Accounts.Leave();
    }

    [Fact]
    public void Pagemap_tells_which_pages_are_there_and_frames_to_root_alone()
    {
        _kernel.Do(_init, 9, Area, 4 * 4096, 3, 0x32, ulong.MaxValue, 0);
        _kernel.Poke(_init, Area + 0x1000, 1);
        long map = Open(_init, "/proc/self/pagemap");
        Assert.Equal(32, _kernel.Do(_init, 17, (ulong)map, Buffer, 32, Area >> 12 << 3));
        Assert.Equal(0UL, _kernel.Peek<ulong>(_init, Buffer));
        ulong entry = _kernel.Peek<ulong>(_init, Buffer + 8);
        Assert.Equal(1UL, entry >> 63);
        Assert.NotEqual(0UL, entry & ((1UL << 55) - 1));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, 17, (ulong)map, Buffer, 31, Area >> 12 << 3));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, 17, (ulong)map, Buffer, 32, 4));
        Assert.Equal(0, _kernel.Do(_init, 17, (ulong)map, Buffer, 32, 1UL << 46));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        _kernel.Do(user, 157, 4, 1);
        _kernel.Poke(user, Area + 0x1000, 2);
        map = Open(user, "/proc/self/pagemap");
        Assert.Equal(8, _kernel.Do(user, 17, (ulong)map, Buffer, 8, (Area + 0x1000) >> 12 << 3));
        Assert.Equal(1UL << 63, _kernel.Peek<ulong>(user, Buffer));
    }

    [Fact]
    public void Mem_reads_the_memory_of_a_process_one_may_look_into()
    {
        Thread* child = _kernel.Fork(_init);
        _kernel.Poke(child, Scratch + 0x2FFC, 0x1234_5678_9ABC_DEF0UL);
        long memory = Open(_init, $"/proc/{child->Id}/mem", 2);
        Assert.Equal(8, _kernel.Do(_init, 17, (ulong)memory, Buffer, 8, Scratch + 0x2FFC));
        Assert.Equal(0x1234_5678_9ABC_DEF0UL, _kernel.Peek<ulong>(_init, Buffer));
        _kernel.Poke(_init, Buffer, 42UL);
        Assert.Equal(-(long)Errno.EIO, _kernel.Call(_init, 18, (ulong)memory, Buffer, 8, Scratch + 0x2FFC));
        Assert.NotEqual(42UL, _kernel.Peek<ulong>(child, Scratch + 0x2FFC));
        Assert.Equal(-(long)Errno.EIO, _kernel.Call(_init, 17, (ulong)memory, Buffer, 8, 0));
        // Up to what is not there.
        ulong end = Scratch + TestKernel.ScratchBytes;
        Assert.Equal(16, _kernel.Do(_init, 17, (ulong)memory, Buffer, 100, end - 16));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        foreach (string name in new[] { "mem", "pagemap", "smaps", "smaps_rollup", "auxv", "personality", "fdinfo/0" })
        {
            long opened = Open(_init, $"/proc/{child->Id}/{name}");
            Assert.True(opened >= 0 || (name == "fdinfo/0" && opened == -(long)Errno.ENOENT), name);
            Assert.True(Open(user, $"/proc/{child->Id}/{name}") is -(long)Errno.EACCES or -(long)Errno.ENOENT, name);
        }
    }

    [Fact]
    public void Descriptors_tell_position_and_flags_and_namespaces_their_numbers()
    {
        _kernel.WriteFile("/f", "0123456789"u8);
        long file = Open(_init, "/f", 0x80402);
        _kernel.Do(_init, 8, (ulong)file, 7, 0);
        string info = Text(_init, $"/proc/self/fdinfo/{file}");
        Assert.StartsWith("pos:\t7\nflags:\t0", info, StringComparison.Ordinal);
        Assert.Contains("2002002", info, StringComparison.Ordinal);
        Assert.Equal("mnt:[4026531841]", Link(_init, "/proc/self/ns/mnt"));
        Assert.Equal("pid:[4026531836]", Link(_init, "/proc/1/ns/pid_for_children"));
        Assert.Equal(-(long)Errno.ENOENT, Open(_init, "/proc/self/ns/none"));
        long names = Open(_init, "/proc/self/ns");
        Assert.True(_kernel.Do(_init, 217, (ulong)names, Buffer, 0x1000) > 200);
        Assert.Equal(0, _kernel.Do(_init, 4, _kernel.PokeText(_init, Scratch, "/proc/self/ns/uts"), Buffer));
        Assert.Equal(4026531838UL, _kernel.Peek<ulong>(_init, Buffer + 8));
    }

    [Theory]
    [InlineData("kernel/threads-max", "16384\n")]
    [InlineData("kernel/pid_max", null)]
    [InlineData("kernel/ostype", "Linux\n")]
    [InlineData("kernel/domainname", "(none)\n")]
    [InlineData("kernel/arch", "x86_64\n")]
    [InlineData("kernel/tainted", "0\n")]
    [InlineData("kernel/overflowuid", "65534\n")]
    [InlineData("kernel/ns_last_pid", "1\n")]
    [InlineData("kernel/random/poolsize", "256\n")]
    [InlineData("vm/max_map_count", null)]
    [InlineData("vm/mmap_min_addr", "65536\n")]
    [InlineData("fs/inode-nr", null)]
    [InlineData("fs/file-nr", null)]
    public void Settings_are_where_programs_look_for_them(string name, string? value)
    {
        string text = Text(_init, "/proc/sys/" + name);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        if (value != null)
            Assert.Equal(value, text);
        if (name != "kernel/domainname")
            Assert.Equal(-(long)Errno.EACCES, Open(_init, "/proc/sys/" + name, 1));
    }
}
