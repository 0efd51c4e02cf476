using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace MfpClip.Weights.Torch;

/// <summary>
/// Reads pickles as data: an interpreter of the opcodes that builds dictionaries, lists and tensor references, and knows a
/// closed list of names. Nothing is imported or called, so a hostile file can at most be refused.
/// </summary>
internal sealed class PickleReader(string path, byte[] bytes, int start = 0)
{
    private const int MaximumStack = 1_000_000;
    private static readonly object Mark = new();
    private readonly PickleBudget _budget = new(path, bytes.Length - start);
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at = start;

    /// <summary>Turns a persistent id (of a storage) into an object.</summary>
    public required Func<object?[], object> ResolveStorage { get; init; }

    /// <summary>First byte after the pickle that was read.</summary>
    public int Position => _at;

    /// <summary>Reads one pickle.</summary>
    public object? Read()
    {
        _stack.Clear();
        _memo.Clear();
        while (true)
        {
            byte code = Take(1)[0];
            if (code == (byte)'.')
            {
                return Pop();
            }

            Step(code);
            if (_stack.Count > MaximumStack)
            {
                throw Damaged("it nests too deeply");
            }
        }
    }

    private void Step(byte code)
    {
        switch (code)
        {
            case 0x80: Take(1); break;                                             // PROTO
            case 0x95: Take(8); break;                                             // FRAME
            case (byte)'(': Push(Mark); break;
            case (byte)'}': PushContainer(new PickleDictionary()); break;
            case (byte)']' or 0x8f: PushContainer(new List<object?>()); break;      // EMPTY_LIST, EMPTY_SET
            case (byte)')': Push(Array.Empty<object?>()); break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'K': Push((long)Take(1)[0]); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case 0x8a: Push(Integer(Take(Take(1)[0]))); break;                      // LONG1
            case 0x8b: Push(Integer(Take(Length32()))); break;                      // LONG4
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case (byte)'X': Push(Encoding.UTF8.GetString(Take(Length32()))); break;
            case 0x8c: Push(Encoding.UTF8.GetString(Take(Take(1)[0]))); break;
            case 0x8d: Push(Encoding.UTF8.GetString(Take(Length64()))); break;
            case (byte)'T': Push(Encoding.Latin1.GetString(Take(Length32()))); break;
            case (byte)'U': Push(Encoding.Latin1.GetString(Take(Take(1)[0]))); break;
            case (byte)'B': Push(Take(Length32()).ToArray()); break;
            case (byte)'C': Push(Take(Take(1)[0]).ToArray()); break;
            case (byte)'q': _memo[Take(1)[0]] = Peek(); break;
            case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break;
            case 0x94: _memo[_memo.Count] = Peek(); break;                          // MEMOIZE
            case (byte)'h': Push(Recall(Take(1)[0])); break;
            case (byte)'j': Push(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
            case 0x85: PushContainer(PopMany(1)); break;
            case 0x86: PushContainer(PopMany(2)); break;
            case 0x87: PushContainer(PopMany(3)); break;
            case (byte)'t': PushContainer(PopToMark()); break;
            case (byte)'l': PushContainer(PopToMark().ToList()); break;
            case (byte)'d': PushContainer(FillDictionary(new(), PopToMark())); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopToMark(); break;
            case (byte)'a': { var item = Pop(); Expect<List<object?>>(Peek()).Add(item); break; }
            case (byte)'e' or 0x90: { var items = PopToMark(); Expect<List<object?>>(Peek()).AddRange(items); break; }
            case (byte)'s': { var pair = PopMany(2); FillDictionary(Expect<PickleDictionary>(Peek()), pair); break; }
            case (byte)'u': { var items = PopToMark(); FillDictionary(Expect<PickleDictionary>(Peek()), items); break; }
            case (byte)'c': Push(Name(Line(), Line())); break;
            case 0x93: { var name = PopMany(2); Push(Name(Expect<string>(name[0]), Expect<string>(name[1]))); break; }
            case (byte)'R' or 0x81: { var call = PopMany(2); PushContainer(Call(Expect<PickleName>(call[0]), Expect<object?[]>(call[1]))); break; }
            case (byte)'b': { var state = Pop(); SetState(Peek(), state); break; }
            case (byte)'Q': Push(ResolveStorage(Expect<object?[]>(Pop()))); break;
            default: throw Damaged($"it uses the opcode 0x{code:x2}, which weight files do not need");
        }
    }

    private PickleName Name(string module, string name)
    {
        _budget.Copy(module.Length + name.Length);
        return PickleName.Check(path, module, name);
    }

    private object? Call(PickleName name, object?[] arguments)
    {
        // Each argument may be copied, and what it holds.
        _budget.Copy(arguments.Length + arguments.Sum(a => (a as List<object?>)?.Count ?? (a as object?[])?.Length ?? 0L));
        return name.Read(path, arguments);
    }

    private void SetState(object? target, object? state)
    {
        // Objects of TorchScript are read as their attributes; the state of anything else carries no tensors we need.
        if (target is PickleDictionary attributes && state is PickleDictionary values)
        {
            _budget.Copy(values.Items.Count);
            foreach (var (key, value) in values.Items)
            {
                attributes.Items[key] = value;
            }
        }
    }

    private PickleDictionary FillDictionary(PickleDictionary target, object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Damaged("a dictionary has a key without a value");
        }

        for (int i = 0; i < items.Length; i += 2)
        {
            string key = items[i] switch
            {
                string s => s,
                long n => n.ToString(System.Globalization.CultureInfo.InvariantCulture),
                _ => throw Damaged("a dictionary has a key that is neither text nor a number"),
            };
            target.Items[key] = items[i + 1];
        }

        return target;
    }

    private void Push(object? value)
    {
        _budget.Make();
        _stack.Add(value);
    }

    private void PushContainer(object? value)
    {
        _budget.Make(container: true);
        _stack.Add(value);
    }

    private object? Pop()
    {
        var top = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object? Peek() => _stack.Count > 0 && !ReferenceEquals(_stack[^1], Mark) ? _stack[^1] : throw Damaged("a value is missing");

    private object?[] PopMany(int count)
    {
        var items = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            items[i] = Pop();
        }

        return items;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.FindLastIndex(o => ReferenceEquals(o, Mark));
        if (mark < 0)
        {
            throw Damaged("a mark is missing");
        }

        var items = _stack.GetRange(mark + 1, _stack.Count - mark - 1).ToArray();
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private object? Recall(long key) => _memo.TryGetValue(key, out var value) ? value : throw Damaged("it recalls what was never stored");

    private T Expect<T>(object? value) => value is T typed ? typed : throw Damaged($"a {typeof(T).Name} was expected");

    private static object Integer(ReadOnlySpan<byte> bytes)
    {
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (long)value : value;
    }

    private int Length32() => Length(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));

    private int Length64() => Length(BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));

    private int Length(ulong length) => length <= (ulong)(bytes.Length - _at) ? (int)length : throw Damaged("it ends too early");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - _at)
        {
            throw Damaged("it ends too early");
        }

        var span = bytes.AsSpan(_at, count);
        _at += count;
        return span;
    }

    private string Line()
    {
        int length = bytes.AsSpan(_at).IndexOf((byte)'\n');
        string text = length >= 0 ? Encoding.UTF8.GetString(Take(length)) : throw Damaged("it ends too early");
        Take(1);
        return text;
    }

    private WeightsException Damaged(string what) => new(path, $"the pickle in it cannot be read: {what}. The file is damaged; get it again.");
}

/// <summary>A dictionary, or the attributes of an object, in a pickle.</summary>
internal sealed class PickleDictionary
{
    public Dictionary<string, object?> Items { get; } = new(StringComparer.Ordinal);
}
