// Private mappings of files. One that can be written shows an overlay: an object that holds what the program has written, over the file's
// own object. Where the overlay has a hole the file's page shows, as it is now; a store copies it up into the overlay first; a discarded
// page is the file's again; where the file ends accesses are bus errors, and what is cut off the file is cut off its overlays. So an overlay
// never needs to know what the file holds, and the store has only what was written.
// Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class MemoryManager
{
    private readonly int _maxOverlaysPerFile;

    // What a file loses its overlays lose in the same step.
    private bool HasRoomForOverlay(VmObject* file) => file->Overlays < _maxOverlaysPerFile;

    // An empty overlay over a file's object with one reference, or null when out of memory or over the limit.
    private VmObject* CreateOverlay(VmObject* file, ulong sizePages)
    {
        VmObject* overlay = HasRoomForOverlay(file) ? CreateObject(TrackerOf(&file->Header), sizePages, VmObjectFlags.None) : null;
        if (overlay != null)
            AttachBacking(overlay, file);
        return overlay;
    }

    /// <summary>Overlays are one deep, and not over themselves.</summary>
    internal static bool MayBack(VmObject* overlay, VmObject* file) => overlay != file && file->Backing == null;

    private void AttachBacking(VmObject* overlay, VmObject* file)
    {
        if (file == null)
            return;
        Retain(file);
        overlay->Backing = file;
        overlay->PreviousOverlay = null;
        overlay->NextOverlay = file->FirstOverlay;
        if (file->FirstOverlay != null)
            file->FirstOverlay->PreviousOverlay = overlay;
        file->FirstOverlay = overlay;
        file->Overlays++;
    }

    // Takes an overlay off its file; the reference that it held is the caller's.
    private static VmObject* DetachBacking(VmObject* overlay)
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
        file->Overlays--;
        overlay->Backing = overlay->NextOverlay = overlay->PreviousOverlay = null;
        return file;
    }

    // Accesses from this page on are bus errors.
    private static ulong EndOf(VmObject* target) => target->Backing == null ? target->SizePages : target->Backing->SizePages;

    // The object whose page a page of this one shows, and the slot that stands for it there.
    private VmObject* Shown(VmObject* target, ulong page, out ulong slot)
    {
        slot = _tree.Lookup(target, page);
        if (target->Backing == null || !Slot.IsHole(slot))
            return target;
        slot = _tree.Lookup(target->Backing, page);
        return target->Backing;
    }

    private bool PrepareCutOverlays(VmObject* file, ulong first)
    {
        for (VmObject* overlay = file->FirstOverlay; overlay != null; overlay = overlay->NextOverlay)
        {
            if (HasPagesFrom(overlay, first) && !PrepareCut(overlay, first))
                return false;
        }
        return true;
    }

    // The overlays lose pages with their file.
    private void CutOverlays(VmObject* file, ulong first)
    {
        VmObject* overlay = Has(SeededMemoryFaults.ForgottenOverlayCut) ? null : file->FirstOverlay;
        for (; overlay != null; overlay = overlay->NextOverlay)
        {
            if (HasPagesFrom(overlay, first))
                Cut(overlay, first);
        }
    }

    // False when there is nothing to cut off. A few looks must do: one too many costs a line in the commit.
    private bool HasPagesFrom(VmObject* overlay, ulong first)
    {
        ulong looks = 4;
        return first < overlay->SizePages && _tree.NextUsed(overlay, first, overlay->SizePages, ref looks) < overlay->SizePages;
    }
}
