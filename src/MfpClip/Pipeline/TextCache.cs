using System.Collections.Concurrent;
using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Pipeline;

/// <summary>Sentences and text embeddings of each class name, made once and kept for as long as the detector lives.</summary>
public sealed class TextCache : IDisposable
{
    // Embeddings are small, but class names may come from outside: beyond this many, they are made from scratch for each call.
    private const int Capacity = 1024;
    private readonly ConcurrentDictionary<string, Lazy<Entry>> _entries = new(StringComparer.Ordinal);

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
    internal int Count => _entries.Count;

    /// <summary>Calls <paramref name="use"/> with the embeddings of a class name, which are made under the context where they are not there yet.</summary>
    internal T With<T>(string className, ForwardContext context, Func<StateSentences, Tensor?, T> use)
    {
        string key = className.Trim();
        if (_entries.TryGetValue(key, out var kept) || _entries.Count < Capacity)
        {
            var lazy = kept ?? _entries.GetOrAdd(key, k => new Lazy<Entry>(() => Create(k, context)));
            try
            {
                return use(lazy.Value.Sentences, lazy.Value.Texts(_embed, context));
            }
            catch (MfpClipException) when (!lazy.IsValueCreated)
            {
                _entries.TryRemove(key, out _); // a class name that cannot be used must not stay
                throw;
            }
        }

        using var once = Create(key, context);
        return use(once.Sentences, once.Texts(_embed, context));
    }

    /// <summary>Calls <paramref name="use"/> with the sentences alone: for training, where embeddings are made from scratch with their graph.</summary>
    public T WithSentences<T>(string className, ForwardContext context, Func<StateSentences, T> use)
    {
        string key = className.Trim();
        return _entries.TryGetValue(key, out var kept) && kept.IsValueCreated ? use(kept.Value.Sentences) : With(
            className, context, (sentences, _) => use(sentences));
    }

    /// <summary>
    /// Forgets embeddings, after trained weights have changed; the next call makes them from scratch. Sentences stay: they come from the frozen
    /// tower alone, and an ensemble of hundreds costs too much for every step of a training. Not during a running call.
    /// </summary>
    internal void ClearTexts()
    {
        foreach (var entry in _entries.Values.Where(e => e.IsValueCreated))
        {
            entry.Value.Forget();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var entry in _entries.Values.Where(e => e.IsValueCreated))
        {
            entry.Value.Dispose();
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

    private sealed class Entry(StateSentences sentences, Tensor? texts) : IDisposable
    {
        private readonly Lock _gate = new();
        private Tensor? _texts = texts;
        private bool _known = true;

        public StateSentences Sentences => sentences;

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

        public void Dispose()
        {
            _texts?.Dispose();
            sentences.Dispose();
        }
    }
}
