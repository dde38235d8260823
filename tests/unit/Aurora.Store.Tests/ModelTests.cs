using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Random histories against the model: present state, history, clean and unclean restarts.</summary>
public sealed unsafe class ModelTests
{
    [Property(MaxTest = 40, QuietOnSuccess = true)]
    public void Random_histories_agree_with_the_model(int seed) => Run(seed, 60);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_long_history_agrees_with_the_model(int seed) => Run(seed, 500);

    private static void Run(int seed, int commits)
    {
        using var harness = new StoreHarness(blocks: 24_000, logBlocks: 128);
        harness.Options.OrderedCommitBytes = 100 * 4096;
        harness.Options.FewestApart = 60;
        harness.Options.CutIntervalNanoseconds = 100_000_000;
        harness.Open();
        var random = new Random(seed);
        var generator = new HistoryGenerator(seed);
        var model = new StoreModel();
        var past = new Dictionary<ulong, StoreModel>();
        for (int i = 0; i < commits; i++)
        {
            ModelCommit next = generator.Next();
            StoreCommit* commit = ModelCheck.Fill(harness, next);
            harness.Commit(commit, next.Name);
            model.Apply(next);
            past[harness.Store.LastSequence] = model.Copy();
            switch (random.Next(20))
            {
                case 0:
                    ModelCheck.Compare(harness, model);
                    harness.CheckClean();
                    break;
                case 1:
                    harness.Reopen(crash: random.Next(2) == 0);
                    ModelCheck.Compare(harness, model);
                    break;
                case 2:
                    Assert.Equal(StoreStatus.Ok, harness.Store.CutNow());
                    break;
                case 3 when random.Next(3) == 0:
                    ModelCheck.CompareHistory(harness, past);
                    break;
                case 4:
                    DropOneCheckpoint(harness, model, past);
                    break;
                case 5:
                    model = RollbackTests.RollBackSomewhere(harness, random, past);
                    ModelCheck.Compare(harness, model);
                    break;
            }
        }
        ModelCheck.CompareHistory(harness, past);
        harness.Reopen(crash: true);
        ModelCheck.CompareHistory(harness, past);
        ModelCheck.Compare(harness, model);
        harness.CheckClean();
    }

    private static void DropOneCheckpoint(StoreHarness harness, StoreModel model, Dictionary<ulong, StoreModel> past)
    {
        if (harness.Store.NextCheckpoint(VolumeId.First, 0, out CheckpointInfo info) != StoreStatus.Ok || !info.IsKept)
            return;
        StoreCommit* commit = harness.Begin();
        harness.Store.DropCheckpoint(commit, info.Sequence);
        harness.Commit(commit);
        past[harness.Store.LastSequence] = model.Copy();
    }
}

/// <summary>Between a store and a model.</summary>
public static unsafe class ModelCheck
{
    public static StoreCommit* Fill(StoreHarness harness, ModelCommit from) => Fill(harness, VolumeId.First, from);

    public static StoreCommit* Fill(StoreHarness harness, VolumeId volume, ModelCommit from)
    {
        StoreCommit* commit = harness.Store.Begin(volume);
        Assert.True(commit != null);
        ObjectStore store = harness.Store;
        foreach (ModelOperation operation in from.Operations)
        {
            var id = new ObjectId(operation.Object);
            StoreStatus status = operation.Action switch
            {
                ModelAction.Hole => store.WriteHole(commit, id, operation.Page),
                ModelAction.Put => store.PutRecord(commit, id, Encoding.UTF8.GetBytes(StoreModel.RecordText(operation.Value))),
                ModelAction.Delete => store.DeleteObject(commit, id),
                ModelAction.Truncate => store.Truncate(commit, id, operation.Page),
                ModelAction.Clone => store.CloneObject(commit, new ObjectId(operation.Page), id),
                _ => StoreStatus.Ok,
            };
            Assert.Equal(StoreStatus.Ok, status);
            if (operation.Action == ModelAction.Write)
                harness.Write(commit, operation.Object, operation.Page, operation.Value);
        }
        return commit;
    }

    public static void Compare(StoreHarness harness, StoreModel model) => Compare(harness, VolumeId.First, model, 600);

    public static void Compare(StoreHarness harness, VolumeId volume, StoreModel model, ulong pages)
    {
        foreach (var page in model.Pages)
            Assert.Equal(page.Value, harness.ReadFrom(volume, page.Key.Object, page.Key.Page));
        for (ulong id = 1; id <= 6; id++)
        {
            for (ulong page = 0; page < pages; page += page < 20 ? 1UL : 7UL)
            {
                if (!model.Pages.ContainsKey((id, page)))
                    Assert.Equal(0UL, harness.ReadFrom(volume, id, page));
            }
        }
        ComparePresence(harness, volume, model);
        var found = new List<ulong>();
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        ObjectId at = default;
        while (harness.Store.NextRecord(volume, ref at, buffer, out int length) == StoreStatus.Ok)
        {
            found.Add(at.Value);
            Assert.Equal(StoreModel.RecordText(model.Records[at.Value]), Encoding.UTF8.GetString(buffer, 0, length));
        }
        Assert.Equal(model.Records.Keys, found);
        CompareRuns(harness, volume, model, RecordRunEntry.BytesFor(ObjectStore.MaxRecordBytes));
        CompareRuns(harness, volume, model, 6 * RecordRunEntry.BytesFor(ObjectStore.MaxRecordBytes));
    }

    // However much is read at a time, and wherever one stops: the records are the same.
    private static void CompareRuns(StoreHarness harness, VolumeId volume, StoreModel model, int bytes)
    {
        byte[] room = GC.AllocateArray<byte>(bytes, pinned: true);
        var start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(room, 0);
        foreach (ulong last in (ulong[])[3, ulong.MaxValue >> 1])
        {
            var found = new List<ulong>();
            ObjectId at = default;
            StoreStatus status = StoreStatus.Ok;
            while (status == StoreStatus.Ok)
            {
                var run = new RecordRun(start, bytes);
                status = harness.Store.NextRecords(volume, ref at, new ObjectId(last), ref run);
                Assert.True(status == StoreStatus.NotFound || (status == StoreStatus.Ok && run.Count != 0));
                for (int next = 0; next < run.Used;)
                {
                    next += RecordRunEntry.Read(start + next, out ObjectId id, out ReadOnlySpan<byte> record);
                    found.Add(id.Value);
                    Assert.Equal(StoreModel.RecordText(model.Records[id.Value]), Encoding.UTF8.GetString(record));
                }
            }
            Assert.Equal(model.Records.Keys.Where(id => id <= last), found);
        }
        // Its address alone does not keep it from being collected.
        GC.KeepAlive(room);
    }

    // The runs of pages that the store says are there are exactly the model's.
    private static void ComparePresence(StoreHarness harness, VolumeId volume, StoreModel model)
    {
        for (ulong id = 1; id <= 6; id++)
        {
            List<ulong> there = [];
            ulong page = 0;
            while (page != ulong.MaxValue)
            {
                Assert.Equal(StoreStatus.Ok, harness.Store.NextPages(volume, new ObjectId(id), page, 16, out ulong present, out page));
                for (; present < page; present++)
                    there.Add(present);
            }
            Assert.Equal(model.Pages.Keys.Where(key => key.Object == id).Select(key => key.Page).Order(), there);
        }
    }

    /// <summary>Every checkpoint the store offers must read as the state after its commit.</summary>
    public static int CompareHistory(StoreHarness harness, Dictionary<ulong, StoreModel> past)
    {
        int count = 0;
        ulong sequence = 0;
        while (harness.Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            Assert.True(info.Sequence > sequence);
            sequence = info.Sequence;
            count++;
            StoreStatus status = harness.Store.OpenView(VolumeId.First, sequence, out StoreView? view);
            Assert.Equal(StoreStatus.Ok, status);
            Compare(harness, view!, past);
            view!.Close();
        }
        return count;
    }

    /// <summary>A view shows the state after its commit.</summary>
    public static void Compare(StoreHarness harness, StoreView view, Dictionary<ulong, StoreModel> past)
        => Compare(harness, view, past[view.Sequence]);

    public static void Compare(StoreHarness harness, StoreView view, StoreModel model)
    {
        foreach (var page in model.Pages)
            Assert.Equal(page.Value, harness.Read(view, page.Key.Object, page.Key.Page));
        byte[] buffer = new byte[ObjectStore.MaxRecordBytes];
        var found = new List<ulong>();
        ObjectId at = default;
        while (view.NextRecord(ref at, buffer, out int length) == StoreStatus.Ok)
        {
            found.Add(at.Value);
            Assert.Equal(StoreModel.RecordText(model.Records[at.Value]), Encoding.UTF8.GetString(buffer, 0, length));
        }
        Assert.Equal(model.Records.Keys, found);
    }
}
