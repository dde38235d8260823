using System;
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>Gives System V objects their ids, and finds them by id, index or key.</summary>
public sealed unsafe class IpcIds(PageAllocator pages)
{
    // Indexes wrap around no sooner (RADIX_TREE_MAP_SIZE).
    private const int LeastCycle = 64;

    /// <summary>The object with an id, or null.</summary>
    public static IpcObject* Find(IpcTable* table, int id)
    {
        IpcObject* found = id < 0 ? null : At(table, id & IpcTable.IndexMask);
        return found != null && found->Ipc.Id == id ? found : null;
    }

    /// <summary>The object with an index, or null.</summary>
    public static IpcObject* At(IpcTable* table, int index)
    {
        var page = (IpcObject**)table->Pages[index / IpcTable.PerPage];
        return page == null ? null : page[index % IpcTable.PerPage];
    }

    /// <summary>The object with the lowest index from this one on, or null.</summary>
    public static IpcObject* Next(IpcTable* table, int index)
    {
        while (index < IpcTable.MaxObjects)
        {
            if (table->Used[index / IpcTable.PerPage] == 0)
            {
                index = ((index / IpcTable.PerPage) + 1) * IpcTable.PerPage;
                continue;
            }
            IpcObject* found = At(table, index++);
            if (found != null)
                return found;
        }
        return null;
    }

    /// <summary>The highest index in use; 0 when there is none.</summary>
    public static int HighestIndex(IpcTable* table)
    {
        for (int page = IpcTable.PageCount - 1; page >= 0; page--)
        {
            for (int i = IpcTable.PerPage - 1; i >= 0 && table->Used[page] > 0; i--)
                if (((IpcObject**)table->Pages[page])[i] != null)
                    return (page * IpcTable.PerPage) + i;
        }
        return 0;
    }

    /// <summary>The object with a key that is not <see cref="IpcIdentity.Private"/>, or null.</summary>
    public static IpcObject* FindKey(IpcTable* table, int key)
    {
        IpcObject* found = table->Buckets == null ? null : *BucketOf(table, key);
        while (found != null && found->Ipc.Key != key)
            found = found->Ipc.NextOfKey;
        return found;
    }

    /// <summary>Gives an object that is not registered yet its id; false without memory, or when all indexes are taken.</summary>
    public bool Add(IpcTable* table, IpcObject* added)
    {
        // Where a chosen id cannot be had any other will do (Documentation/admin-guide/sysctl/kernel.rst).
        int chosen = table->ChosenId;
        int index = chosen < 0 ? -1 : FirstFree(table, chosen & IpcTable.IndexMask, IpcTable.MaxObjects);
        if (index < 0)
        {
            chosen = -1;
            index = FreeIndex(table);
        }
        if (index < 0 || !HasRoom(table, index))
            return false;
        int sequence = chosen >> IpcTable.IndexBits;
        if (chosen < 0)
        {
            sequence = table->Sequence;
            if (index < table->NextIndex)
                sequence = sequence + 1 < IpcTable.SequenceEnd ? sequence + 1 : 0;
            table->Sequence = sequence;
            table->NextIndex = index + 1;
        }
        table->ChosenId = -1;
        added->Ipc.Id = (sequence << IpcTable.IndexBits) + index;
        Place(table, added);
        return true;
    }

    /// <summary>Puts an object with an id in its place (restore); false without memory, or when there is one already.</summary>
    public bool Restore(IpcTable* table, IpcObject* restored)
    {
        if (At(table, restored->Ipc.Index) != null || !HasRoom(table, restored->Ipc.Index))
            return false;
        Place(table, restored);
        return true;
    }

    /// <summary>An object ends: its id and its key lead nowhere.</summary>
    public void Remove(IpcTable* table, IpcObject* removed)
    {
        ForgetKey(table, removed);
        int page = removed->Ipc.Index / IpcTable.PerPage;
        ((IpcObject**)table->Pages[page])[removed->Ipc.Index % IpcTable.PerPage] = null;
        table->Count--;
        if (--table->Used[page] > 0)
            return;
        pages.Free((void*)table->Pages[page], 1);
        table->Pages[page] = 0;
    }

    /// <summary>From here on the object has no key.</summary>
    public static void ForgetKey(IpcTable* table, IpcObject* known)
    {
        if (known->Ipc.Key == IpcIdentity.Private)
            return;
        IpcObject** link = BucketOf(table, known->Ipc.Key);
        while (*link != known)
            link = &(*link)->Ipc.NextOfKey;
        *link = known->Ipc.NextOfKey;
        known->Ipc.NextOfKey = null;
        known->Ipc.Key = IpcIdentity.Private;
    }

    /// <summary>Gives back the memory of a table without objects.</summary>
    public void Free(IpcTable* table)
    {
        Panic.Unless(table->Count == 0, "ipc: a table with objects was freed"u8);
        if (table->Buckets != null)
            pages.Free(table->Buckets, 1);
        table->Buckets = null;
    }

    private static void Place(IpcTable* table, IpcObject* placed)
    {
        int page = placed->Ipc.Index / IpcTable.PerPage;
        ((IpcObject**)table->Pages[page])[placed->Ipc.Index % IpcTable.PerPage] = placed;
        table->Used[page]++;
        table->Count++;
        if (placed->Ipc.Key == IpcIdentity.Private)
            return;
        IpcObject** bucket = BucketOf(table, placed->Ipc.Key);
        placed->Ipc.NextOfKey = *bucket;
        *bucket = placed;
    }

    private bool HasRoom(IpcTable* table, int index)
    {
        if (table->Buckets == null)
            table->Buckets = (IpcObject**)pages.Allocate(1);
        ref ulong page = ref table->Pages[index / IpcTable.PerPage];
        if (table->Buckets != null && page == 0)
            page = (ulong)pages.Allocate(1);
        return page != 0;
    }

    private static int FreeIndex(IpcTable* table)
    {
        int end = Math.Min(Math.Max(table->Count * 3 / 2, LeastCycle), IpcTable.MaxObjects);
        int index = FirstFree(table, table->NextIndex, end);
        return index >= 0 ? index : FirstFree(table, 0, end);
    }

    private static int FirstFree(IpcTable* table, int index, int end)
    {
        while (index < end && At(table, index) != null)
            index++;
        return index < end ? index : -1;
    }

    private static IpcObject** BucketOf(IpcTable* table, int key)
        => &table->Buckets[(uint)key * 0x9E37_79B1 >> 23];
}
