// The views that are open in a history of volumes, and what each must show: what it showed when it was opened, whatever has happened since.
using System;
using System.Collections.Generic;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Opens views of checkpoints, and compares each before it is closed.</summary>
internal sealed class OpenViews(StoreHarness harness) : IDisposable
{
    private readonly List<(StoreView View, StoreModel Model)> _views = [];

    public List<(StoreView View, StoreModel Model)> All => _views;

    /// <summary>Closes them without comparing.</summary>
    public void Dispose()
    {
        foreach ((StoreView view, _) in _views)
            view.Close();
    }

    public void Open(ulong volume, ulong sequence, StoreModel model)
    {
        Assert.Equal(StoreStatus.Ok, harness.Store.OpenView(new VolumeId(volume), sequence, out StoreView? view));
        _views.Add((view!, model));
    }

    /// <summary>Going back needs one of the four views.</summary>
    public void RequireRoom() => Assert.True(_views.Count < 3);

    public void Close(int which)
    {
        (StoreView view, StoreModel model) = _views[which];
        ModelCheck.Compare(harness, view, model);
        view.Close();
        _views.RemoveAt(which);
    }

    public void CloseAll()
    {
        while (_views.Count > 0)
            Close(0);
    }
}
