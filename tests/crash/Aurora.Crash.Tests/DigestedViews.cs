// The views a tight store has open, each with a digest of what it showed at first: the pages of the large object and of some small ones.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

/// <summary>Opens views of the newest state, and requires of each that it has not changed when it is closed.</summary>
internal sealed unsafe class DigestedViews(StoreHarness harness, ulong span) : IDisposable
{
    private const ulong PagesOfSmall = 100;

    private readonly List<(StoreView View, ulong Digest)> _views = [];

    public int Count => _views.Count;

    /// <summary>Closes them whatever they show.</summary>
    public void Dispose()
    {
        foreach ((StoreView view, _) in _views)
            view.Close();
    }

    /// <summary>A view more, if the store can give one.</summary>
    public void TryOpen()
    {
        if (harness.Store.OpenView(VolumeId.First, harness.Store.LastSequence, out StoreView? view) == StoreStatus.Ok)
            _views.Add((view!, DigestOf(view!)));
    }

    /// <summary>Whatever has happened meanwhile, a view shows what it showed at first.</summary>
    public void Close(int which)
    {
        (StoreView view, ulong digest) = _views[which];
        CrashStore.Require(DigestOf(view) == digest, $"the view of {view.Sequence} has changed");
        view.Close();
        _views.RemoveAt(which);
    }

    public void CloseAll()
    {
        while (_views.Count > 0)
            Close(0);
    }

    private ulong DigestOf(StoreView view)
    {
        ulong digest = 0;
        ulong* page = (ulong*)CrashStore.Pages.Allocate(1);
        for (ulong at = 0; at < span + PagesOfSmall; at++)
        {
            bool isLarge = at < span;
            StoreStatus status = view.ReadPage(new ObjectId(isLarge ? 1 : 10 + (at % 30)), isLarge ? at : at - span, page);
            CrashStore.Require(status is StoreStatus.Ok or StoreStatus.Hole,
                $"view of {view.Sequence}: {status} {harness.Store.LastFault.Place}");
            digest = (digest * 31) + page[0];
        }
        CrashStore.Pages.Free(page, 1);
        return digest;
    }
}
