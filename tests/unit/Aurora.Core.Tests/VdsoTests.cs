using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Threading;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Core.Tests;

/// <summary>The vDSO's code runs here as it does in programs; where it makes the system call, the host answers.</summary>
public sealed unsafe class VdsoTests
{
    private const int Realtime = 0;
    private const int Monotonic = 1;
    private const ulong Second = 1_000_000_000;

    private static readonly string[] _functions = ["clock_gettime", "gettimeofday", "time", "getcpu", "clock_getres"];

    /// <summary>
    /// If this fails the vDSO has changed. Programs that were captured inside of it, by any kernel that was released, go on in these bytes:
    /// put vdso.asm back, and make a version 2 beside it (another file, another value of VmObjectFlags, chosen by execve). This hash may
    /// be changed only as long as no release has the image.
    /// </summary>
    [Fact]
    public void Version_1_is_what_it_was()
        => Assert.Equal(
            "925C3AA0B7D1CE833E5D4AF1B419A184EF8A5BAE2DA33DFA83930DA8F42E933F",
            Convert.ToHexString(SHA256.HashData(VdsoImage.Bytes)));

    [Fact]
    public void The_data_page_is_what_version_1_reads()
    {
        Assert.Equal(48, sizeof(ClockPage));
        Assert.Equal(0, OffsetOf(nameof(ClockPage.Generation)));
        Assert.Equal(8, OffsetOf(nameof(ClockPage.OriginTicks)));
        Assert.Equal(16, OffsetOf(nameof(ClockPage.Factor)));
        Assert.Equal(24, OffsetOf(nameof(ClockPage.MonotonicOffsetNanoseconds)));
        Assert.Equal(32, OffsetOf(nameof(ClockPage.RealtimeLeadNanoseconds)));
        Assert.Equal(40, OffsetOf(nameof(ClockPage.Flags)));
        Assert.Equal(1u, (uint)ClockPageFlags.HasCounter);
        Assert.Equal(2u, (uint)ClockPageFlags.HasProcessor);
    }

    [Fact]
    public void It_is_an_object_of_one_page_with_the_functions_of_Linux()
    {
        using var image = new VdsoImage();
        Assert.InRange(VdsoImage.Bytes.Length, 1, PageSize.Bytes);
        foreach (string name in _functions)
        {
            Assert.NotEqual(0, image.Find("__vdso_" + name));
            Assert.Equal(image.Find("__vdso_" + name), image.Find(name));
        }
        Assert.Equal(0, image.Find("clock_settime"));
        byte* names = image.Start + image.Dynamic(5);
        byte* itself = image.Start + image.Dynamic(0x6FFFFFFC);
        byte* version = itself + *(uint*)(itself + 16);
        Assert.Equal("linux-vdso.so.1", Marshal.PtrToStringUTF8((nint)(names + image.Dynamic(14))));
        Assert.Equal(VdsoImage.HashOf("linux-vdso.so.1"), *(uint*)(itself + 8));
        Assert.Equal("LINUX_2.6", Marshal.PtrToStringUTF8((nint)(names + *(uint*)(version + 20))));
        Assert.Equal(VdsoImage.HashOf("LINUX_2.6"), *(uint*)(version + 8));
        for (int i = 1; i <= 2 * _functions.Length; i++)
            Assert.Equal(*(ushort*)(version + 4), ((ushort*)(image.Start + image.Dynamic(0x6FFFFFF0)))[i]);
    }

    // With a factor of zero the counter does not matter: the time is what the page says.
    [Fact]
    public void Any_time_is_divided_exactly()
    {
        using var image = new VdsoImage();
        var random = new Random(47);
        *image.Data = new ClockPage { Generation = 1, Flags = ClockPageFlags.HasCounter };
        for (int i = 0; i < 100_000; i++)
        {
            ulong seconds = (ulong)random.NextInt64() >> random.Next(63);
            ulong time = i switch { 0 => 0, 1 => ulong.MaxValue, 2 => long.MaxValue, _ => unchecked((seconds * Second) - (ulong)(i % 3)) };
            image.Data->MonotonicOffsetNanoseconds = time;
            image.Data->RealtimeLeadNanoseconds = unchecked((time & long.MaxValue) - time);
            Assert.Equal((time / Second, time % Second, 0), image.ClockGettime(Monotonic));
            time &= long.MaxValue;
            Assert.Equal((time / Second, time % Second, 0), image.ClockGettime(Realtime));
            Assert.Equal((time / Second, time % Second / 1000, 0), image.Gettimeofday());
            Assert.Equal(time / Second, image.Time());
        }
    }

    [Theory]
    [InlineData(1UL << 32, 0UL, 0UL)]
    [InlineData(1431655765UL, 0UL, 1_700_000_000_000_000_000UL)] // 3 GHz
    [InlineData(1UL << 32, 1UL << 50, 1_700_000_000_000_000_000UL)]
    [InlineData(1227133513UL, unchecked((ulong)-1_000_000_000_000), 42UL)]
    public void Time_is_what_the_clock_of_the_kernel_says(ulong factor, ulong offset, ulong lead)
    {
        using var image = new VdsoImage();
        ulong origin = Counter.Read() - (1UL << 43);
        *image.Data = new ClockPage
        {
            Generation = 9, OriginTicks = origin, Factor = factor, MonotonicOffsetNanoseconds = offset, RealtimeLeadNanoseconds = lead,
            Flags = ClockPageFlags.HasCounter,
        };
        foreach (int clock in (int[])[0, 1, 4, 5, 6, 7, 8, 9, 11])
        {
            ulong more = clock is 0 or 5 or 8 or 11 ? offset + lead : offset;
            ulong before = At(Counter.Read()) + more;
            (ulong seconds, ulong nanoseconds, int result) = image.ClockGettime(clock);
            Assert.Equal(0, result);
            Assert.InRange((seconds * Second) + nanoseconds, before, At(Counter.Read()) + more);
        }

        ulong At(ulong ticks) => (ulong)(((UInt128)(ticks - origin) * factor) >> 32);
    }

    // What the page cannot tell the system call tells: here Linux's, whose real time is that of this process.
    [Theory]
    [InlineData(ClockPageFlags.None, 0UL)]
    [InlineData(ClockPageFlags.HasCounter, 1UL << 63)]
    [InlineData(ClockPageFlags.HasCounter, ulong.MaxValue)]
    public void Without_a_counter_or_out_of_range_the_system_call_tells(ClockPageFlags flags, ulong lead)
    {
        using var image = new VdsoImage();
        *image.Data = new ClockPage { Generation = 1, Flags = flags, RealtimeLeadNanoseconds = lead };
        ulong before = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 1;
        ulong[] told = [image.ClockGettime(Realtime).Seconds, image.Gettimeofday().Seconds, image.Time()];
        ulong after = (ulong)DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1;
        Assert.All(told, seconds => Assert.InRange(seconds, before, after));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(12)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Other_clocks_are_the_system_calls(int clock)
    {
        using var image = new VdsoImage();
        *image.Data = new ClockPage { Generation = 1, Flags = ClockPageFlags.HasCounter, MonotonicOffsetNanoseconds = 123 * Second };
        (ulong seconds, ulong nanoseconds, int result) = image.ClockGettime(clock);
        Assert.True(result == (clock is 2 or 3 ? 0 : -22) && (result == 0 ? seconds != 123 : (seconds, nanoseconds) == (7, 7)),
            $"{result}, {seconds} s");
    }

    // Whoever reads while somebody writes sees one state or the other: here two whose mixtures would show.
    [Fact]
    public void A_reader_sees_no_mixture()
    {
        using var image = new VdsoImage();
        ClockPage* page = image.Data;
        *page = new ClockPage
        {
            Generation = 1, Flags = ClockPageFlags.HasCounter, MonotonicOffsetNanoseconds = 1000, RealtimeLeadNanoseconds = 5000,
        };
        bool isOver = false;
        var writer = new Thread(() =>
        {
            for (ulong generation = 2; !Volatile.Read(ref isOver); generation++)
            {
                Volatile.Write(ref page->Generation, 0);
                Interlocked.MemoryBarrier();
                Volatile.Write(ref page->MonotonicOffsetNanoseconds, generation % 2 == 0 ? 2000UL : 1000);
                Volatile.Write(ref page->RealtimeLeadNanoseconds, generation % 2 == 0 ? 9000UL : 5000);
                Volatile.Write(ref page->Generation, generation);
            }
        });
        writer.Start();
        var seen = new System.Collections.Generic.HashSet<ulong>();
        long end = Stopwatch.GetTimestamp() + (20 * Stopwatch.Frequency);
        for (int i = 0; i < 200_000 || (seen.Count < 2 && Stopwatch.GetTimestamp() < end); i++)
            seen.Add(image.ClockGettime(Realtime).Nanoseconds);
        Volatile.Write(ref isOver, true);
        writer.Join();
        Assert.Equal([6000UL, 11000UL], [.. System.Linq.Enumerable.Order(seen)]);
    }

    [Fact]
    public void The_processor_is_told_where_the_page_says_so()
    {
        using var image = new VdsoImage();
        var getcpu = (delegate* unmanaged<uint*, uint*, void*, int>)image.Find("__vdso_getcpu");
        foreach (ClockPageFlags flags in (ClockPageFlags[])[ClockPageFlags.None, ClockPageFlags.HasProcessor])
        {
            *image.Data = new ClockPage { Generation = 1, Flags = flags };
            uint processor = uint.MaxValue, node = uint.MaxValue;
            Assert.Equal(0, getcpu(&processor, &node, null));
            Assert.InRange(processor, 0u, 4095u);
            Assert.InRange(node, 0u, 1023u);
            Assert.Equal(0, getcpu(null, null, null));
        }
    }

    [Fact]
    public void Resolutions_are_those_of_the_counter()
    {
        using var image = new VdsoImage();
        var getres = (delegate* unmanaged<int, ulong*, int>)image.Find("__vdso_clock_getres");
        ulong* resolution = stackalloc ulong[2];
        foreach (int clock in (int[])[0, 1, 4, 5, 6, 7, 8, 9, 11])
        {
            resolution[0] = resolution[1] = 7;
            Assert.Equal(0, getres(clock, resolution));
            Assert.Equal((0UL, 1UL), (resolution[0], resolution[1]));
            Assert.Equal(0, getres(clock, null));
        }
        Assert.Equal(-22, getres(12, resolution));
    }

    private static int OffsetOf(string field) => (int)Marshal.OffsetOf<ClockPage>(field);
}
