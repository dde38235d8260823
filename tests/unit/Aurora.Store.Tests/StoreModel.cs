using System;
using System.Collections.Generic;

namespace Aurora.Store.Tests;

public enum ModelAction
{
    Write,
    Hole,
    Put,
    Delete,
    Truncate,
    Clone,
}

/// <summary>One change: Object is changed; Page is a page or a clone's source; Value is a page's contents or a record's.</summary>
public readonly record struct ModelOperation(ModelAction Action, ulong Object, ulong Page, ulong Value);

/// <summary>A commit of a generated history.</summary>
public sealed record ModelCommit(List<ModelOperation> Operations, string Name);

/// <summary>What a store must contain: the simplest thing that can be right.</summary>
public sealed class StoreModel
{
    public SortedDictionary<(ulong Object, ulong Page), ulong> Pages { get; } = [];

    public SortedDictionary<ulong, ulong> Records { get; } = [];

    public StoreModel Copy()
    {
        var copy = new StoreModel();
        foreach (var page in Pages)
            copy.Pages.Add(page.Key, page.Value);
        foreach (var record in Records)
            copy.Records.Add(record.Key, record.Value);
        return copy;
    }

    public void Apply(ModelCommit commit)
    {
        foreach (ModelOperation operation in commit.Operations)
            Apply(operation);
    }

    public static string RecordText(ulong value) => new((char)('a' + (int)(value % 26)), 1 + (int)(value * 7919 % (value % 5 == 0 ? 3072UL : 200UL)));

    private void Apply(ModelOperation operation)
    {
        ulong id = operation.Object;
        switch (operation.Action)
        {
            case ModelAction.Write:
                Pages[(id, operation.Page)] = operation.Value;
                break;
            case ModelAction.Hole:
                Pages.Remove((id, operation.Page));
                break;
            case ModelAction.Put:
                Records[id] = operation.Value;
                break;
            case ModelAction.Delete:
                Records.Remove(id);
                RemovePages(id, 0);
                break;
            case ModelAction.Truncate:
                RemovePages(id, operation.Page);
                break;
            case ModelAction.Clone when id != operation.Page:
                RemovePages(id, 0);
                foreach (var page in PagesOf(operation.Page))
                    Pages[(id, page.Key.Page)] = page.Value;
                break;
        }
    }

    private void RemovePages(ulong id, ulong first)
    {
        foreach (var page in PagesOf(id))
        {
            if (page.Key.Page >= first)
                Pages.Remove(page.Key);
        }
    }

    private List<KeyValuePair<(ulong Object, ulong Page), ulong>> PagesOf(ulong id)
    {
        var result = new List<KeyValuePair<(ulong, ulong), ulong>>();
        foreach (var page in Pages)
        {
            if (page.Key.Object == id)
                result.Add(page);
        }
        return result;
    }
}

/// <summary>Generates commits of all kinds from a seed.</summary>
public sealed class HistoryGenerator(int seed, ulong objects = 6, ulong pages = 400, int largest = 200, bool hasNames = true)
{
    private readonly Random _random = new(seed);
    private ulong _value;

    public ModelCommit Next()
    {
        var operations = new List<ModelOperation>();
        int parts = 1 + _random.Next(3);
        for (int i = 0; i < parts; i++)
            AddPart(operations, _random.Next(14));
        return new ModelCommit(operations, hasNames && _random.Next(12) == 0 ? $"n{_value}" : "");
    }

    private ulong AnyObject => 1 + (ulong)_random.Next((int)objects);

    private ulong AnyPage => _random.Next(3) == 0 ? (ulong)_random.Next(8) : (ulong)_random.Next((int)pages);

    private void AddPart(List<ModelOperation> operations, int kind)
    {
        ulong id = AnyObject;
        switch (kind)
        {
            case < 4:
                AddWrites(operations, id, 1 + _random.Next(6), false);
                break;
            case 4:
                AddWrites(operations, id, _random.Next(largest), true);
                break;
            case 5:
                AddWrites(operations, id, _random.Next(largest / 4), false);
                break;
            case 6:
                operations.Add(new(ModelAction.Write, 1, 0, ++_value));
                break;
            case 7 or 8:
                operations.Add(new(ModelAction.Put, id, 0, ++_value));
                break;
            case 9:
                operations.Add(new(ModelAction.Delete, id, 0, 0));
                break;
            case 10:
                operations.Add(new(ModelAction.Truncate, id, AnyPage, 0));
                break;
            case 11 or 12:
                operations.Add(new(ModelAction.Clone, AnyObject, id, 0));
                break;
            default:
                for (int i = 0; i < 5; i++)
                    operations.Add(new(ModelAction.Hole, id, AnyPage, 0));
                break;
        }
    }

    private void AddWrites(List<ModelOperation> operations, ulong id, int count, bool isSequential)
    {
        ulong first = AnyPage;
        for (int i = 0; i < count; i++)
            operations.Add(new(ModelAction.Write, id, isSequential ? first + (ulong)i : AnyPage, ++_value));
    }
}
