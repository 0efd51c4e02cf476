using System.IO.Compression;
using System.Text;
using System.Text.Json;
using MfpClip.Files;
using Microsoft.ML.Tokenizers;

namespace MfpClip.Text;

/// <summary>CLIP's byte-level BPE (openai/CLIP, clip/simple_tokenizer.py) over Microsoft.ML.Tokenizers.</summary>
public sealed class ClipTokenizer : ITokenizer
{
    private const int MergesOfClip = 49152 - 256 - 2;
    private const int MaximumLength = 1 << 16, MaximumWord = 4096;
    private const long MaximumFile = 16L << 20; // unpacked; CLIP's have 0.5 to 3 MB
    private const string EndOfWord = "</w>";
    private static readonly Lazy<ClipTokenizer> Bundled = new(() =>
    {
        using var stream = typeof(ClipTokenizer).Assembly.GetManifestResourceStream("MfpClip.bpe_simple_vocab_16e6.txt.gz")!;
        return FromBpeVocabulary(stream, "bundled CLIP vocabulary");
    });

    private readonly BpeTokenizer _bpe;

    private ClipTokenizer(Dictionary<string, int> vocabulary, IReadOnlyList<string> merges, string source)
    {
        Source = source;
        VocabSize = vocabulary.Count;
        StartId = Special(vocabulary, CleanText.Start, source);
        EndId = Special(vocabulary, CleanText.End, source);
        _bpe = BpeTokenizer.Create(new BpeOptions(vocabulary) { Merges = merges, ByteLevel = true, EndOfWordSuffix = EndOfWord });
    }

    /// <summary>CLIP's own vocabulary of 49,408 tokens, which this library carries (MIT, OpenAI).</summary>
    public static ClipTokenizer Default => Bundled.Value;

    /// <summary>
    /// Begins to read <see cref="Default"/> on another thread, while the caller loads libtorch and weights: a tenth of the time to a first result.
    /// </summary>
    internal static void Prepare()
    {
        if (!Bundled.IsValueCreated)
        {
            _ = Task.Run(() => Bundled.Value); // whoever asks for it meets what it throws
        }
    }

    /// <summary>Where the vocabulary came from.</summary>
    public string Source { get; }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <summary>Id that starts a text.</summary>
    public int StartId { get; }

    /// <summary>Id that ends a text; the largest one.</summary>
    public int EndId { get; }

    /// <summary>
    /// Reads <c>vocab.json</c> + <c>merges.txt</c>, or <c>bpe_simple_vocab_16e6.txt.gz</c>, from a folder (that of a weight file's, too).
    /// </summary>
    /// <returns><see langword="null"/> where the folder holds neither.</returns>
    /// <exception cref="WeightsException">The files are damaged.</exception>
    public static ClipTokenizer? FindNextTo(string path)
    {
        string folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path)) ?? ".";
        string vocab = Path.Combine(folder, "vocab.json");
        string merges = Path.Combine(folder, "merges.txt");
        string bpe = Path.Combine(folder, "bpe_simple_vocab_16e6.txt.gz");
        return File.Exists(vocab) && File.Exists(merges) ? FromFiles(vocab, merges) : File.Exists(bpe) ? FromBpeFile(bpe) : null;
    }

    /// <summary>Reads the Hugging Face pair of files.</summary>
    public static ClipTokenizer FromFiles(string vocabJson, string mergesTxt) => Reading(vocabJson, () =>
    {
        using var json = BoundedFile.Open(vocabJson, MaximumFile);
        var vocabulary = JsonSerializer.Deserialize<Dictionary<string, int>>(json, ReflectedJson.Options)
            ?? throw new WeightsException(vocabJson, "the vocabulary is empty.");
        var lines = BoundedFile.ReadText(mergesTxt, MaximumFile).Split('\n').Select(l => l.TrimEnd('\r'))
            .Where(l => !l.StartsWith("#version", StringComparison.Ordinal) && l.Trim().Length > 0).ToList();
        return Create(vocabulary, lines, vocabJson);
    });

    /// <summary>Reads OpenAI's gzipped list of merges.</summary>
    public static ClipTokenizer FromBpeFile(string path) => Reading(path, () =>
    {
        using var stream = File.OpenRead(path);
        return FromBpeVocabulary(stream, path);
    });

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The text, or a word of it, is longer than any prompt: byte pairs are merged in quadratic time.</exception>
    public IReadOnlyList<int> Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaximumLength)
        {
            throw new ArgumentException($"The text has {text.Length} characters; at most {MaximumLength} are encoded.", nameof(text));
        }

        var ids = new List<int>();
        foreach (string word in CleanText.Words(CleanText.Clean(text)))
        {
            if (word is CleanText.Start or CleanText.End)
            {
                ids.Add(word == CleanText.Start ? StartId : EndId);
            }
            else if (word.Length > MaximumWord)
            {
                throw new ArgumentException($"A word of the text has {word.Length} bytes; at most {MaximumWord} are encoded.", nameof(text));
            }
            else
            {
                ids.AddRange(_bpe.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
            }
        }

        return ids;
    }

    /// <inheritdoc/>
    public long[] EncodePadded(string text, int contextLength = 77)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 2);
        var ids = Encode(text);
        int kept = Math.Min(ids.Count, contextLength - 2);
        var padded = new long[contextLength];
        padded[0] = StartId;
        for (int i = 0; i < kept; i++)
        {
            padded[i + 1] = ids[i];
        }

        padded[kept + 1] = EndId;
        return padded;
    }

    private static ClipTokenizer FromBpeVocabulary(Stream gzip, string source)
    {
        using var reader = new StreamReader(
            new BoundedStream(new GZipStream(gzip, CompressionMode.Decompress), MaximumFile), Encoding.UTF8);
        var merges = new List<string>(MergesOfClip);
        reader.ReadLine();
        while (merges.Count < MergesOfClip && reader.ReadLine() is { } line)
        {
            merges.Add(line);
        }

        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var alphabet = ByteAlphabet().ToList();
        foreach (string token in alphabet.Concat(alphabet.Select(a => a + EndOfWord))
            .Concat(merges.Select(m => m.Replace(" ", string.Empty, StringComparison.Ordinal))).Append(CleanText.Start).Append(CleanText.End))
        {
            vocabulary.TryAdd(token, vocabulary.Count);
        }

        return Create(vocabulary, merges, source);
    }

    private static ClipTokenizer Create(Dictionary<string, int> vocabulary, List<string> merges, string source)
    {
        foreach (string merge in merges)
        {
            if (merge.Split(' ') is not [{ Length: > 0 }, { Length: > 0 }] pair || !vocabulary.ContainsKey(pair[0] + pair[1]))
            {
                throw new WeightsException(source, $"the merge '{merge}' does not belong to the vocabulary. The tokenizer files are damaged or of two models.");
            }
        }

        return new(vocabulary, merges, source);
    }

    /// <summary>GPT-2's printable stand-ins for the 256 bytes, in the order of CLIP's ids.</summary>
    private static IEnumerable<string> ByteAlphabet()
    {
        static bool Printable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return Enumerable.Range(0, 256).Where(Printable).Select(b => ((char)b).ToString())
            .Concat(Enumerable.Range(0, 256).Where(b => !Printable(b)).Select((_, i) => ((char)(256 + i)).ToString()));
    }

    private static int Special(Dictionary<string, int> vocabulary, string token, string source) =>
        vocabulary.TryGetValue(token, out int id) ? id : throw new WeightsException(source, $"the vocabulary lacks '{token}', so it is not CLIP's.");

    private static ClipTokenizer Reading(string path, Func<ClipTokenizer> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or JsonException or InvalidDataException or ArgumentException or InvalidOperationException)
        {
            throw new WeightsException(path, $"the tokenizer file cannot be read ({e.Message}).", e);
        }
    }
}
