using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;

namespace Aurora.Nvme.Tests.Model;

/// <summary>
/// Memory with bus addresses that have nothing to do with the pointers, so that a pointer given to the device by mistake is caught, and
/// so is any access by the device to memory that was never allocated or has been given back.
/// </summary>
public sealed unsafe class ModelMemory() : PageAllocator(new KernelLock()), IDisposable
{
    private readonly HostPageAllocator _inner = new();
    private readonly SortedList<ulong, (nint Memory, int Pages)> _byPhysical = [];
    private readonly SortedList<ulong, ulong> _physicalByPointer = [];
    private ulong _nextPhysical = 0x7_0000_0000;

    public long PagesOutstanding => _inner.PagesOutstanding;

    public void Dispose() => _inner.Dispose();

    public long PageLimit
    {
        get => _inner.PageLimit;
        set => _inner.PageLimit = value;
    }

    /// <summary>How many times memory was asked for.</summary>
    public int Allocations { get; private set; }

    public override void* Allocate(int pages)
    {
        Allocations++;
        void* memory = _inner.Allocate(pages);
        if (memory == null)
            return null;

        // Every allocation is followed by a hole, so that running over its end is caught.
        ulong physical = _nextPhysical;
        _nextPhysical += ((ulong)pages + 3) * PageSize.Bytes;
        _byPhysical.Add(physical, ((nint)memory, pages));
        _physicalByPointer.Add((ulong)memory, physical);
        return memory;
    }

    public override void Free(void* memory, int pages)
    {
        ulong physical = _physicalByPointer[(ulong)memory];
        if (_byPhysical[physical].Pages != pages)
            throw new ProtocolViolationException("memory was freed with another page count than it was allocated with");
        _byPhysical.Remove(physical);
        _physicalByPointer.Remove((ulong)memory);
        _inner.Free(memory, pages);
    }

    public ulong PhysicalOf(void* pointer)
    {
        int at = FloorIndex(_physicalByPointer.Keys, (ulong)pointer);
        if (at >= 0)
        {
            ulong physical = _physicalByPointer.Values[at];
            ulong offset = (ulong)pointer - _physicalByPointer.Keys[at];
            if (offset < (ulong)_byPhysical[physical].Pages * PageSize.Bytes)
                return physical + offset;
        }
        throw new ProtocolViolationException("the driver asked for the bus address of memory that is not from the allocator");
    }

    /// <summary>What the device sees at a bus address.</summary>
    public byte* At(ulong physical, ulong bytes)
    {
        int at = FloorIndex(_byPhysical.Keys, physical);
        if (at >= 0)
        {
            (nint memory, int pages) = _byPhysical.Values[at];
            ulong offset = physical - _byPhysical.Keys[at];
            if (offset + bytes <= (ulong)pages * PageSize.Bytes)
                return (byte*)memory + offset;
        }
        throw new ProtocolViolationException($"the device was told to access {bytes} bytes at {physical:x}, which is not allocated memory");
    }

    private static int FloorIndex(IList<ulong> keys, ulong value)
    {
        int low = 0;
        int high = keys.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (keys[middle] <= value)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
