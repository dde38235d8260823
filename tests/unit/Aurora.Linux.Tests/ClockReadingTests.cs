using System;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>The vDSO of programs: what execve maps, who shares it, and what setting the clock and restores make of it.</summary>
public sealed unsafe class ClockReadingTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Second = 1_000_000_000;

    private static Thread* Begin(TestKernel kernel, Thread* init)
    {
        kernel.WriteFile("/prog", ElfBuilder.Build(false));
        Thread* thread = kernel.Fork(init);
        Assert.NotNull(ExecTests.Execute(kernel, thread, "/prog", ["prog"], []));
        return thread;
    }

    private static ulong CodeOf(TestKernel kernel, Thread* thread) => MappingOf(kernel, thread, 1)->Start.Value;

    private static Mapping* MappingOf(TestKernel kernel, Thread* thread, ulong page)
    {
        var space = (AddressSpace*)thread->Process->AddressSpace;
        VmObject* target = kernel.Memory.ClockObjects.Of(kernel.Tracker);
        for (int i = 0; i < space->MappingCount; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            if (mapping->Object == target && mapping->PageOffset == page)
                return mapping;
        }
        return null;
    }

    private static ClockPage PageOf(TestKernel kernel, Thread* thread)
        => kernel.Peek<ClockPage>(thread, CodeOf(kernel, thread) - PageSize.Bytes);

    // What version 1 of the code makes of the page, were the clock a counter.
    private static ulong RealtimeBy(TestKernel kernel, ClockPage page)
        => unchecked((ulong)(((UInt128)(kernel.Clock.Ticks - page.OriginTicks) * page.Factor) >> 32)
            + page.MonotonicOffsetNanoseconds + page.RealtimeLeadNanoseconds);

    [Fact]
    public void Execve_maps_it_and_children_share_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.True(kernel.Memory.ClockObjects.Of(kernel.Tracker) == null);
        Thread* thread = Begin(kernel, init);
        Mapping* data = MappingOf(kernel, thread, 0);
        Mapping* code = MappingOf(kernel, thread, 1);
        Assert.Equal(data->End, code->Start);
        Assert.Equal((Protection.Read, Protection.Read), (data->Protection, data->MaxProtection));
        Assert.Equal((Protection.Read | Protection.Execute, Protection.Read | Protection.Execute), (code->Protection, code->MaxProtection));
        Thread* child = kernel.Fork(thread);
        Assert.Equal(PageOf(kernel, thread).Generation, PageOf(kernel, child).Generation);
        string maps = MapsOf(kernel, init, thread);
        Assert.Contains($"{data->Start.Value:x8}-{data->End.Value:x8} r--p 00000000 00:00 0", maps, StringComparison.Ordinal);
        Assert.Single(maps.Split('\n'), line => line.EndsWith(" [vvar]", StringComparison.Ordinal));
        Assert.Single(maps.Split('\n'), line => line.EndsWith(" [vdso]", StringComparison.Ordinal)
            && line.Contains(" r-xp ", StringComparison.Ordinal));
        kernel.Call(child, 231, 0);
        Assert.NotNull(ExecTests.Execute(kernel, Scratched(kernel, thread), "/prog", ["prog"], []));
        Assert.Equal(2, kernel.Memory.ClockObjects.Of(kernel.Tracker)->Header.References);
        kernel.Call(thread, 231, 0);
        Assert.True(kernel.Memory.ClockObjects.Of(kernel.Tracker) == null);
    }

    [Fact]
    public void An_execve_that_fails_leaves_none_behind()
    {
        bool isBegun = false;
        for (int most = 3; !isBegun; most++)
        {
            using var kernel = new TestKernel(mostMappings: most);
            Thread* init = kernel.Boot();
            kernel.WriteFile("/prog", ElfBuilder.Build(false));
            int objects = kernel.Memory.ObjectCount;
            isBegun = ExecTests.Execute(kernel, init, "/prog", ["prog"], []) is not -12;
            Assert.Equal(isBegun, kernel.Memory.ClockObjects.Of(kernel.Tracker) != null);
            Assert.True(isBegun || objects == kernel.Memory.ObjectCount);
            Assert.InRange(most, 3, 30);
        }
    }

    [Fact]
    public void Who_sets_the_clock_changes_what_programs_read()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = Begin(kernel, init);
        ClockPage before = PageOf(kernel, thread);
        Assert.Equal(kernel.GroupClock.RealtimeNanoseconds, RealtimeBy(kernel, before));
        kernel.Poke(init, Scratch, new Timespec { Seconds = 2_000_000_000, Nanoseconds = 5 });
        Assert.Equal(0, kernel.Call(init, 227, 0, Scratch));
        ClockPage after = PageOf(kernel, thread);
        Assert.NotEqual(before.Generation, after.Generation);
        Assert.Equal((2_000_000_000 * Second) + 5, RealtimeBy(kernel, after));
        Assert.Equal(before.MonotonicOffsetNanoseconds, after.MonotonicOffsetNanoseconds);
        kernel.Advance(3);
        // adjtimex with ADJ_SETOFFSET: half a second more.
        kernel.Poke(init, Scratch, 0x100UL);
        kernel.Poke(init, Scratch + 72, new Timeval { Microseconds = 500_000 });
        Assert.Equal(5, kernel.Call(init, 159, Scratch));
        ClockPage last = PageOf(kernel, thread);
        Assert.NotEqual(after.Generation, last.Generation);
        Assert.Equal((2_000_000_000 * Second) + (Second / 2) + 8, RealtimeBy(kernel, last));
        Assert.Equal(kernel.GroupClock.RealtimeNanoseconds, RealtimeBy(kernel, last));
    }

    // Real time that the system call keeps within its range has its highest bit set by the page.
    [Fact]
    public void Real_time_out_of_range_is_left_to_the_system_call()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = Begin(kernel, init);
        kernel.Poke(init, Scratch, new Timespec { Seconds = 1000 });
        Assert.Equal(0, kernel.Call(init, 227, 0, Scratch));
        kernel.Clock.Realtime -= 2000 * Second;
        kernel.Memory.ClockObjects.ClockChanged(kernel.Tracker);
        Assert.Equal(0UL, kernel.GroupClock.RealtimeNanoseconds);
        Assert.True((long)RealtimeBy(kernel, PageOf(kernel, thread)) < 0);
    }

    [Fact]
    public void A_restored_program_reads_the_clock_as_it_is_then()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* thread = Begin(kernel, init);
        kernel.Poke(init, Scratch, new Timespec { Seconds = 1_900_000_000 });
        Assert.Equal(0, kernel.Call(init, 227, 0, Scratch));
        ClockPage before = PageOf(kernel, thread);
        ulong code = CodeOf(kernel, thread);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        restored.Clock.Advance(12345);
        Thread* again = restored.ThreadOf(thread->Id);
        Assert.Equal(code, CodeOf(restored, again));
        ClockPage after = PageOf(restored, again);
        Assert.NotEqual(before.Generation, after.Generation);
        Assert.Equal(restored.GroupClock.RealtimeNanoseconds, RealtimeBy(restored, after));
        Assert.Equal((1_900_000_000 * Second) + 12345, RealtimeBy(restored, after));
        Assert.Equal(TestClockSource.Bytes[5], restored.Peek<byte>(again, code + 5));
        Assert.Equal(-(long)Errno.EACCES, restored.Call(again, 10, code, 4096, 7));
        restored.Call(again, 231, 0);
        Assert.True(restored.Memory.ClockObjects.Of(restored.Tracker) == null);
    }

    [Fact]
    public void Programs_of_older_images_have_none_until_their_next_execve()
    {
        using var kernel = new TestKernel();
        kernel.Boot();
        kernel.WriteFile("/prog", ElfBuilder.Build(false));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image, versionOf: kind => kind == ObjectKind.MemoryObject ? (byte)2 : null);
        Assert.True(restored.Memory.ClockObjects.Of(restored.Tracker) == null);
        Thread* init = restored.ThreadOf(1);
        long? result = ExecTests.Execute(restored, init, "/prog", ["prog"], []);
        while (result == null && init->Call.Active)
        {
            restored.ServePager();
            result = restored.Resume(init);
        }
        Assert.True(result is null or >= 0);
        Assert.NotEqual(0UL, PageOf(restored, init).Generation);
    }

    [Fact]
    public void Two_records_in_a_group_are_refused()
    {
        using var kernel = new TestKernel();
        Begin(kernel, kernel.Boot());
        var image = new TestKernel.Image();
        kernel.Capture(image);
        ulong id = kernel.Memory.ClockObjects.Of(kernel.Tracker)->Header.Id.Value;
        ulong other = image.Records.Where(record => record.Value.Kind == ObjectKind.MemoryObject && record.Key != id
            && !FileIds.IsOnDemand(new ObjectId(record.Key))).Max(record => record.Key);
        (ObjectKind kind, byte[] payload) = image.Records[other];
        image.Records[other] = image.Records[id];
        Assert.Equal(RestoreStatus.BadRecord, TestKernel.TryRestore(image));
        image.Records[other] = (kind, payload);
        Assert.Equal(RestoreStatus.Ok, TestKernel.TryRestore(image));
    }

    private static string MapsOf(TestKernel kernel, Thread* reader, Thread* thread)
    {
        ulong file = (ulong)kernel.Do(reader, 2, kernel.PokeText(reader, Scratch, $"/proc/{thread->Process->Id}/maps"), 0);
        long bytes = kernel.Do(reader, 0, file, Scratch + 0x2000, 0x2000);
        kernel.Do(reader, 3, file);
        return string.Concat(Enumerable.Range(0, (int)bytes).Select(i => (char)kernel.Peek<byte>(reader, Scratch + 0x2000 + (ulong)i)));
    }

    // Room for what a program passes to its next one.
    private static Thread* Scratched(TestKernel kernel, Thread* thread)
    {
        Assert.Equal((long)Scratch, kernel.Do(thread, 9, Scratch, TestKernel.ScratchBytes, 3, 0x32, ulong.MaxValue, 0));
        return thread;
    }
}
