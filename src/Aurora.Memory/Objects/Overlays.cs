// Private mappings of files. One that can be written shows an overlay: an object that holds what the program has written, over the file's
// own object. Where the overlay has a hole the file's page shows, as it is now; a store copies it up into the overlay first; a discarded
// page is the file's again; where the file ends accesses are bus errors, and what is cut off the file is cut off its overlays. So an
// overlay never needs to know what the file holds, and the store has only what was written.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The overlays over a file's object: their list, and what shows through them.</summary>
internal sealed unsafe class Overlays(MemoryState state)
{
    private readonly RadixTree _tree = state.Tree;

    /// <summary>Overlays are one deep, and over files.</summary>
    public static bool MayBack(VmObject* overlay, VmObject* file) => overlay != file && file->Backing == null && !file->IsClock;

    /// <summary>Puts an overlay over a file, if there is one, and takes a reference on it.</summary>
    public static void Attach(VmObject* overlay, VmObject* file)
    {
        if (file == null)
            return;
        file->Header.References++;
        overlay->Backing = file;
        overlay->PreviousOverlay = null;
        overlay->NextOverlay = file->FirstOverlay;
        if (file->FirstOverlay != null)
            file->FirstOverlay->PreviousOverlay = overlay;
        file->FirstOverlay = overlay;
    }

    /// <summary>Takes an overlay off its file, if it has one; the reference that it held is the caller's.</summary>
    public static VmObject* Detach(VmObject* overlay)
    {
        VmObject* file = overlay->Backing;
        if (file == null)
            return null;
        if (overlay->PreviousOverlay != null)
            overlay->PreviousOverlay->NextOverlay = overlay->NextOverlay;
        else
            file->FirstOverlay = overlay->NextOverlay;
        if (overlay->NextOverlay != null)
            overlay->NextOverlay->PreviousOverlay = overlay->PreviousOverlay;
        overlay->Backing = overlay->NextOverlay = overlay->PreviousOverlay = null;
        return file;
    }

    /// <summary>Accesses from this page on are bus errors.</summary>
    public static ulong EndOf(VmObject* target) => target->Backing == null ? target->SizePages : target->Backing->SizePages;

    /// <summary>The object whose page a page of this one shows, and the slot that stands for it there.</summary>
    public VmObject* Shown(VmObject* target, ulong page, out ulong slot)
    {
        slot = _tree.Lookup(target, page);
        if (target->Backing == null || !Slot.IsHole(slot))
            return target;
        slot = _tree.Lookup(target->Backing, page);
        return target->Backing;
    }

    /// <summary>False when there is nothing to cut off. A few looks must do: one too many costs a line in the commit.</summary>
    public bool HasPagesFrom(VmObject* overlay, ulong first)
    {
        ulong looks = 4;
        return first < overlay->SizePages && _tree.NextUsed(overlay, first, overlay->SizePages, ref looks) < overlay->SizePages;
    }
}
