using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Pipeline;

/// <summary>
/// Sentences and text embeddings of each class name, made once and kept while there is room; the one that was not used for longest goes first.
/// </summary>
/// <remarks>Safe for concurrent callers. What could not be made is not kept.</remarks>
public sealed class TextCache : IDisposable
{
    // Class names may come from outside.
    private const int Capacity = 1024;
    private const long MaximumBytes = 64L << 20;
    private readonly SemaphoreSlim[] _making = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1))];
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _order = []; // used last first
    private long _bytes;

    private readonly ITokenizer _tokenizer;
    private readonly PromptTemplates _templates;
    private readonly ITextTower _text;
    private readonly Func<StateSentences, ForwardContext, Tensor?> _embed;

    /// <summary>A cache of sentences alone, for a method with a forward pass of its own.</summary>
    /// <param name="tokenizer">The tokenizer of the tower.</param>
    /// <param name="templates">Sentences of both states.</param>
    /// <param name="text">The frozen text tower; stays the caller's.</param>
    public TextCache(ITokenizer tokenizer, PromptTemplates templates, ITextTower text)
        : this(tokenizer, templates, text, static (_, _) => null)
    {
    }

    internal TextCache(ITokenizer tokenizer, PromptTemplates templates, ITextTower text, Func<StateSentences, ForwardContext, Tensor?> embed) =>
        (_tokenizer, _templates, _text, _embed) = (tokenizer, templates, text, embed);

    /// <summary>Sentences and embeddings of a pipeline's texts.</summary>
    internal TextCache(ITokenizer tokenizer, PromptTemplates templates, PipelineParts parts, ModulePipeline pipeline)
        : this(tokenizer, templates, parts.Backbone.Text, pipeline.EmbedTexts)
    {
    }

    /// <summary>Number of class names kept.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Calls <paramref name="use"/> with the embeddings of a class name, which are made under the context where they are not there yet.</summary>
    internal T With<T>(string className, ForwardContext context, Func<StateSentences, Tensor?, T> use)
    {
        var entry = Take(className, context);
        try
        {
            return use(entry.Sentences, entry.Texts(_embed, context));
        }
        finally
        {
            entry.Release();
        }
    }

    /// <summary>Calls <paramref name="use"/> with the sentences alone: for training, where embeddings are made from scratch with their graph.</summary>
    public T WithSentences<T>(string className, ForwardContext context, Func<StateSentences, T> use)
    {
        var entry = Take(className, context);
        try
        {
            return use(entry.Sentences);
        }
        finally
        {
            entry.Release();
        }
    }

    /// <summary>
    /// Forgets embeddings, after trained weights have changed; the next call makes them from scratch. Sentences stay: they come from the frozen
    /// tower alone, and an ensemble of hundreds costs too much for every step of a training. Not during a running call.
    /// </summary>
    internal void ClearTexts()
    {
        lock (_gate)
        {
            foreach (var entry in _order)
            {
                entry.Forget();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var entry in _order)
            {
                entry.Release();
            }

            _order.Clear();
            _entries.Clear();
        }

        Array.ForEach(_making, m => m.Dispose());
    }

    // Each class name is made once, whoever asks for it at the same time; a caller that is cancelled waits no longer, and fails nobody else.
    private Entry Take(string className, ForwardContext context)
    {
        string key = className.Trim();
        if (key.Length > ClassWords.MaximumLength)
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.ClassName), $"it has {key.Length} characters and is longer than the limit of "
                + $"{ClassWords.MaximumLength}. Use a few words.");
        }

        if (Find(key) is { } known)
        {
            return known;
        }

        var making = _making[(uint)key.GetHashCode(StringComparison.Ordinal) % _making.Length];
        making.Wait(context.CancellationToken);
        try
        {
            return Find(key) ?? Keep(key, Create(key, context));
        }
        finally
        {
            making.Release();
        }
    }

    private Entry Keep(string key, Entry made)
    {
        lock (_gate)
        {
            made.Acquire(); // the cache's own share
            _entries[key] = _order.AddFirst(made);
            _bytes += made.Bytes;
            while (_order.Count > 1 && (_order.Count > Capacity || _bytes > MaximumBytes))
            {
                var last = _order.Last!.Value;
                _order.RemoveLast();
                _entries.Remove(last.Sentences.ClassName);
                _bytes -= last.Bytes;
                last.Release();
            }
        }

        return made;
    }

    private Entry? Find(string key)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var node))
            {
                return null;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            node.Value.Acquire();
            return node.Value;
        }
    }

    private Entry Create(string className, ForwardContext context)
    {
        if (className.Length == 0 || _tokenizer.Encode(className).Count == 0)
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.ClassName),
                $"'{className}' holds no word that can be put into a prompt. Use \"object\" if the class is not known.");
        }

        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        var (normal, abnormal) = _templates.Expand(className);
        var sentences = StateSentenceEncoder.Encode(_text, className, Ids(normal, className), Ids(abnormal, className), context, _templates.Averaging);
        try
        {
            return new(sentences, _embed(sentences, context)?.DetachFromDisposeScope());
        }
        catch
        {
            sentences.Dispose();
            throw;
        }
    }

    private Tensor Ids(IReadOnlyList<string> sentences, string className)
    {
        int length = _text.ContextLength;
        if (sentences.FirstOrDefault(s => _tokenizer.Encode(s).Count > length - 2) is { } tooLong)
        {
            throw new DetectionOptionsException(nameof(DetectionOptions.ClassName),
                $"with '{Shorten(className)}' the prompt '{Shorten(tooLong)}' is longer than the {length} positions of the text tower. Use fewer words.");
        }

        return torch.tensor(sentences.SelectMany(s => _tokenizer.EncodePadded(s, length)).ToArray(), [sentences.Count, length]);
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";

    // Disposed with its last user: a running call, or the cache.
    private sealed class Entry(StateSentences sentences, Tensor? texts)
    {
        private readonly Lock _gate = new();
        private int _users = 1;
        private Tensor? _texts = texts;
        private bool _known = true;

        public StateSentences Sentences => sentences;

        public long Bytes { get; } = new[] { sentences.NormalIds, sentences.AbnormalIds, sentences.Embeddings, texts }.Sum(
            t => t is null ? 0 : t.numel() * t.element_size());

        public void Acquire() => Interlocked.Increment(ref _users);

        public void Release()
        {
            if (Interlocked.Decrement(ref _users) == 0)
            {
                _texts?.Dispose();
                sentences.Dispose();
            }
        }

        public Tensor? Texts(Func<StateSentences, ForwardContext, Tensor?> embed, ForwardContext context)
        {
            lock (_gate)
            {
                if (!_known)
                {
                    using var scope = torch.NewDisposeScope();
                    using var guard = torch.no_grad();
                    _texts = embed(sentences, context)?.DetachFromDisposeScope();
                    _known = true;
                }

                return _texts;
            }
        }

        public void Forget()
        {
            lock (_gate)
            {
                _texts?.Dispose();
                (_texts, _known) = (null, false);
            }
        }
    }
}
