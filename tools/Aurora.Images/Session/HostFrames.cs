using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Images.Session;

/// <summary>
/// Frames in one large reservation of address space. The host gives memory to a page when it is first touched, so the bound costs
/// nothing until it is used; it limits how much file data one image operation can hold.
/// </summary>
internal sealed unsafe partial class HostFrames : FramePool, IDisposable
{
    private const ulong Bound = 1 << 20; // 4 GiB
    private const int ReadWrite = 3;
    private const int PrivateAnonymousNoReserve = 0x4022;

    private readonly byte* _memory;
    private readonly byte* _infos;
    private readonly Stack<ulong> _returned = new();
    private ulong _next = 1;

    private HostFrames(byte* memory, byte* infos)
        : base(memory, (FrameInfo*)infos, Bound)
    {
        _memory = memory;
        _infos = infos;
    }

    private static nuint MemoryBytes => unchecked((nuint)(Bound << PageSize.Shift));
    private static nuint InfoBytes => (nuint)Bound * (nuint)sizeof(FrameInfo);

    public override ulong FreeFrames => Bound - _next + (ulong)_returned.Count;
    public override ulong TotalFrames => Bound;

    public static HostFrames Reserve() => new(Map(MemoryBytes), Map(InfoBytes));

    public void Dispose()
    {
        _ = Unmap(_memory, MemoryBytes);
        _ = Unmap(_infos, InfoBytes);
    }

    protected override ulong TakeFrame() => _returned.TryPop(out ulong frame) ? frame : _next < Bound ? _next++ : 0;

    protected override void ReturnFrame(ulong frame) => _returned.Push(frame);

    private static byte* Map(nuint bytes)
    {
        byte* memory = MapCall(null, bytes, ReadWrite, PrivateAnonymousNoReserve, -1, 0);
        return (nint)memory != -1 ? memory : throw new ImageException("the host gives no address space for the image's pages");
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* MapCall(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}
