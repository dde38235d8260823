// The size of an object. What a cut takes from a file it takes from the file's overlays in the same step; everything that could fail comes
// first.
using Aurora.Base;

namespace Aurora.Memory;

public sealed unsafe partial class VmObjects
{
    /// <summary>
    /// Sets the size. Growing adds holes; shrinking cuts pages and unmaps them everywhere. Ok, OutOfMemory (nothing changed) or
    /// InvalidArgument. The bytes after a file's end inside its last page are the caller's (<see cref="ObjectPages.ZeroTail"/>).
    /// </summary>
    public MemoryStatus Resize(VmObject* target, ulong sizePages)
    {
        if (sizePages > VmObject.MaxPages)
            return MemoryStatus.InvalidArgument;
        if (sizePages < target->SizePages)
            return Shrink(target, sizePages, mayBeShown: true);
        SetSize(target, sizePages);
        return MemoryStatus.Ok;
    }

    internal MemoryStatus Shrink(VmObject* target, ulong sizePages, bool mayBeShown)
    {
        if (!PrepareCut(target, sizePages) || !PrepareCutOverlays(target, sizePages))
            return MemoryStatus.OutOfMemory;
        if (mayBeShown)
            _reverse.UnmapPages(target, sizePages, target->SizePages - sizePages);
        Cut(target, sizePages);
        CutOverlays(target, sizePages);
        SetSize(target, sizePages);
        return MemoryStatus.Ok;
    }

    // Makes everything a cut needs that could fail.
    private bool PrepareCut(VmObject* target, ulong first)
        => (TrackedObjects.IsEphemeral(&target->Header) || _log.Open(target) != null) && _tree.UnsharePath(target, first);

    // Nothing is left of an object's pages from one on; nothing shows them. Its size stays.
    private void Cut(VmObject* target, ulong first)
    {
        if (first >= target->SizePages)
            return;
        _tree.Cut(target, first);
        TrackedObjects.NoteContents(&target->Header);
        target->IsCut |= TrackedObjects.IsEphemeral(&target->Header);
        ChangeSet* set = target->Changes;
        if (set == null)
            return;
        _log.CutDirty(set, first);
        _log.CountCut(target, set);
        if (first < set->TruncateFrom)
            set->TruncateFrom = first;
    }

    private bool PrepareCutOverlays(VmObject* file, ulong first)
    {
        for (VmObject* overlay = file->FirstOverlay; overlay != null; overlay = overlay->NextOverlay)
        {
            if (_overlays.HasPagesFrom(overlay, first) && !PrepareCut(overlay, first))
                return false;
        }
        return true;
    }

    // The overlays lose pages with their file.
    private void CutOverlays(VmObject* file, ulong first)
    {
        VmObject* overlay = _seeded.Has(SeededMemoryFaults.ForgottenOverlayCut) ? null : file->FirstOverlay;
        for (; overlay != null; overlay = overlay->NextOverlay)
        {
            if (_overlays.HasPagesFrom(overlay, first))
                Cut(overlay, first);
        }
    }

    private void SetSize(VmObject* target, ulong sizePages)
    {
        if (sizePages == target->SizePages)
            return;
        target->SizePages = sizePages;
        target->CountedPages = 0;
        _state.TrackerOf(&target->Header).MarkChanged(&target->Header);
    }
}
