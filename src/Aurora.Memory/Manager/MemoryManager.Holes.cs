// Where an object has pages and where holes, for programs that copy only what is there (lseek with SEEK_DATA and SEEK_HOLE, st_blocks).
// What a restored object does not know yet the store is asked.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    // Steps of a count, since nothing may take long: 128 leaves (256 megabytes), or many more that are not there. Beyond them everything
    // counts.
    private const ulong MostCounted = 4096;

    // Pages that a search looks at in one call.
    private const ulong MostSearched = 2048;

    /// <summary>
    /// Moves on to the first page before <paramref name="end"/> that is there (or is not): Ok with the page or the end; WouldBlock;
    /// OutOfMemory.
    /// <paramref name="isFound"/> is false when there is more to look at: call again.
    /// </summary>
    public PageAccess Seek(VmObject* target, ref ulong page, ulong end, bool isData, out bool isFound)
    {
        PageAccess result = default;
        ulong left = MostSearched;
        isFound = true;
        for (; page < end && left > 0; left--)
        {
            ulong next = _tree.NextUsed(target, page, end, ref left);
            bool isStopped = left == 0;
            if (!isData && next > page)
                return result;
            page = next;
            if (isStopped || page >= end)
                break;
            if (IsUnknown(target, page))
            {
                result.Status = Ask(target, page, out result.Wait);
                return result;
            }
            if (isData)
                return result;
            page++;
        }
        isFound = page >= end;
        return result;
    }

    /// <summary>
    /// How many of an object's pages there are: neither holes nor beyond its end. What only the store knows counts as there.
    /// </summary>
    public ulong CountPages(VmObject* target)
    {
        // Programs ask for st_blocks with every stat, and hardly one reads it.
        if (target->CountedPages == 0)
            target->CountedPages = _tree.CountUsed(target, target->SizePages, MostCounted) + 1;
        return target->CountedPages - 1;
    }
}
