// What programs have in their memory. Every thread has a place of its own for the arguments of its calls, which stays as it is while it
// sleeps in one, and a stack; everybody has a page for futexes that forks copy, a page that they share, and a region in which mappings
// come and go.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

internal sealed unsafe partial class World
{
    public const ulong Futexes = TestKernel.Scratch + 0x8000;
    public const ulong Buffer = TestKernel.Scratch + 0x9000;
    public const ulong BufferBytes = 0x4000;
    public const ulong Stacks = TestKernel.Scratch + 0x2_0000;
    public const ulong Shared = 0x2000_0000;
    public const ulong Region = 0x3000_0000;
    public const ulong RegionPages = 32;
    public const ulong GrowingStacks = 0x4000_0000;
    public const ulong Handler = TestKernel.Code + 0x800;
    public const ulong Restorer = TestKernel.Code + 0xF00;

    private const ulong SlotBytes = 0x800;
    private const int Slots = 16;

    /// <summary>Where a thread keeps what its call reads and writes.</summary>
    public static ulong SlotOf(Thread* thread) => TestKernel.Scratch + ((ulong)(thread->Id % Slots) * SlotBytes);

    /// <summary>The end of the stack for a new thread.</summary>
    public static ulong StackOf(int number) => Stacks + ((ulong)(number % Slots) * 0x1000) + 0x1000;

    public static bool IsInHandler(Thread* thread) => thread->Context->Rip - Handler < 0x600;

    public void Put<T>(Thread* thread, ulong address, in T value)
        where T : unmanaged => Put(thread, address, new ReadOnlySpan<byte>(Unsafe.AsPointer(ref Unsafe.AsRef(in value)), sizeof(T)));

    public void Put(Thread* thread, ulong address, ReadOnlySpan<byte> bytes)
    {
        AccessResult access;
        while ((access = Kernel.User.Write(thread->Process->AddressSpace, new VirtualAddress(address),
            bytes)).Status == MemoryStatus.WouldBlock)
            Kernel.ServePager();
    }

    public ulong PutText(Thread* thread, ulong address, string text)
    {
        Put(thread, address, Encoding.UTF8.GetBytes(text + "\0"));
        return address;
    }

    /// <summary>What a program reads there; nothing when it cannot.</summary>
    public T Get<T>(Thread* thread, ulong address)
        where T : unmanaged
    {
        T value;
        while (Kernel.User.Read(thread->Process->AddressSpace, new VirtualAddress(address), out value).Status == MemoryStatus.WouldBlock)
            Kernel.ServePager();
        return value;
    }

    /// <summary>Notes what a call has written.</summary>
    public void NoteWords(Thread* thread, ulong address, int words)
    {
        for (int i = 0; i < words; i++)
            Note(Get<long>(thread, address + ((ulong)i * 8)));
    }

    /// <summary>The threads that compute, or those of them that may sleep (never init: somebody must be left).</summary>
    public Thread* Actor(uint choice, bool maySleep)
    {
        var candidates = new List<nint>();
        foreach (nint each in Threads())
        {
            Thread* thread = (Thread*)each;
            bool computes = thread->State == ThreadState.Runnable && IsInUserMode(thread)
                && thread->Process->AddressSpace != null;
            if (computes && (!maySleep || thread->Process->Id != 1))
                candidates.Add(each);
        }
        return candidates.Count == 0 ? null : (Thread*)candidates[(int)(choice % (uint)candidates.Count)];
    }

    /// <summary>One of the process's descriptors that satisfy the condition; -1 when there is none.</summary>
    public static int Descriptor(Thread* thread, uint choice, Func<nint, bool>? condition = null)
    {
        var table = (DescriptorTable*)thread->Process->Descriptors;
        var found = new List<int>();
        for (int fd = Descriptors.NextOpen(table, 0); fd >= 0; fd = Descriptors.NextOpen(table, fd + 1))
            if (condition == null || condition((nint)Descriptors.Find(table, fd)))
                found.Add(fd);
        return found.Count == 0 ? -1 : found[(int)(choice % (uint)found.Count)];
    }

    public static int DescriptorCount(Thread* thread) => ((DescriptorTable*)thread->Process->Descriptors)->OpenCount;

    /// <summary>A program with what a shell would have left it: names, open files, pipes.</summary>
    private void Begin(Thread* thread)
    {
        ulong slot = SlotOf(thread);
        foreach (string folder in new[] { "/tmp/d", "/tmp/d/e" })
            Call(thread, "mkdir", 83, PutText(thread, slot, folder), 0x1ED);
        Call(thread, "mknod", 133, PutText(thread, slot, "/tmp/fifo"), 0x11B6, 0);
        PutText(thread, slot, "/prog");
        Put(thread, slot + 0x20, slot);
        Put(thread, slot + 0x28, 0UL);
        Assert.Equal(0, Call(thread, "execve", 59, slot, slot + 0x20, slot + 0x28));
        MapScratch(thread);
        for (int i = 0; i < 2; i++)
            Call(thread, "open", 2, PutText(thread, slot, "/tmp/f0"), 2, 0);
        Call(thread, "pipe", 22, slot);
        Assert.Equal(7, Call(thread, "open", 2, PutText(thread, slot, "/tmp/fifo"), 2, 0));
    }

    /// <summary>The shared page, which forks inherit.</summary>
    public void MapShared(Thread* thread)
        => Assert.Equal((long)Shared, Call(thread, "mmap", 9, Shared, 4096, 3, 0x31, ulong.MaxValue, 0));

    /// <summary>The scratch memory that an execve took away.</summary>
    public void MapScratch(Thread* thread)
    {
        Assert.Equal((long)TestKernel.Scratch, Call(thread, "mmap", 9, TestKernel.Scratch, TestKernel.ScratchBytes, 3, 0x32,
            ulong.MaxValue, 0));
        MapShared(thread);
    }
}
