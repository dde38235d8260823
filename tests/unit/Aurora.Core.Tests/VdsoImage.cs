using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core.Tests;

/// <summary>The vDSO as the kernel has it, with a data page below it that the test writes, in this process: its code runs here.</summary>
internal sealed unsafe class VdsoImage : IDisposable
{
    private const int ReadWrite = 3;
    private const int ReadExecute = 5;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _pages;

    public VdsoImage()
    {
        _pages = (byte*)mmap(0, 2 * PageSize.Bytes, ReadWrite, PrivateAnonymous, -1, 0);
        Bytes.CopyTo(new Span<byte>(_pages + PageSize.Bytes, PageSize.Bytes));
        if ((nint)_pages == -1 || mprotect((nint)_pages + PageSize.Bytes, PageSize.Bytes, ReadExecute) != 0)
            throw new InvalidOperationException("no memory for the vDSO");
    }

    /// <summary>The image, made from its source as the build makes it.</summary>
    public static byte[] Bytes { get; } = Assemble();

    public ClockPage* Data => (ClockPage*)_pages;

    public byte* Start => _pages + PageSize.Bytes;

    public void Dispose() => _ = munmap((nint)_pages, 2 * PageSize.Bytes);

    public (ulong Seconds, ulong Nanoseconds, int Result) ClockGettime(int clock)
    {
        Span<ulong> time = [7, 7];
        fixed (ulong* at = time)
        {
            int result = ((delegate* unmanaged<int, ulong*, int>)Find("__vdso_clock_gettime"))(clock, at);
            return (time[0], time[1], result);
        }
    }

    public (ulong Seconds, ulong Microseconds, int Result) Gettimeofday()
    {
        Span<ulong> time = [7, 7];
        fixed (ulong* at = time)
        {
            int result = ((delegate* unmanaged<ulong*, void*, int>)Find("__vdso_gettimeofday"))(at, null);
            return (time[0], time[1], result);
        }
    }

    public ulong Time() => ((delegate* unmanaged<ulong*, ulong>)Find("__vdso_time"))(null);

    /// <summary>A function by its name, as a dynamic linker finds it: by the hash table.</summary>
    public nint Find(string name)
    {
        ulong table = Dynamic(4), symbols = Dynamic(6), strings = Dynamic(5);
        uint* hash = (uint*)(Start + table);
        for (uint i = hash[2 + (HashOf(name) % hash[0])]; i != 0; i = hash[2 + hash[0] + i])
        {
            byte* symbol = Start + symbols + (24 * i);
            if (Marshal.PtrToStringUTF8((nint)(Start + strings + *(uint*)symbol)) == name)
                return (nint)(Start + *(ulong*)(symbol + 8));
        }
        return 0;
    }

    /// <summary>What the dynamic section says under a tag.</summary>
    public ulong Dynamic(ulong tag)
    {
        byte* segment = Start + *(ulong*)(Start + 32);
        while (*(uint*)segment != 2)
            segment += 56;
        for (ulong* entry = (ulong*)(Start + *(ulong*)(segment + 8)); entry[0] != 0; entry += 2)
        {
            if (entry[0] == tag)
                return entry[1];
        }
        throw new InvalidOperationException($"the dynamic section has no {tag}");
    }

    public static uint HashOf(string name)
    {
        uint hash = 0;
        foreach (char letter in name)
        {
            hash = (hash << 4) + letter;
            uint high = hash & 0xF000_0000;
            hash = (hash ^ (high >> 24)) & ~high;
        }
        return hash;
    }

    private static byte[] Assemble()
    {
        string folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, "kernel", "Aurora.Core", "Assembly")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not in the repository");
        string output = Path.GetTempFileName();
        string source = Path.Combine(folder, "kernel", "Aurora.Core", "Assembly", "vdso.asm");
        using (Process assembler = Process.Start("nasm", ["-f", "bin", source, "-o", output]))
        {
            assembler.WaitForExit();
            if (assembler.ExitCode != 0)
                throw new InvalidOperationException("nasm does not assemble vdso.asm");
        }
        byte[] bytes = File.ReadAllBytes(output);
        File.Delete(output);
        return bytes;
    }

    [DllImport("libc")]
    private static extern nint mmap(nint address, nint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int mprotect(nint address, nint length, int protection);

    [DllImport("libc")]
    private static extern int munmap(nint address, nint length);
}
