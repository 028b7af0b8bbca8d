// A page as the tutorial's: it sends what is typed, with who says it in front, and lists what it
// receives. The address says which server it talks to:
//
//   /customer.html?server=http://127.0.0.1:8080[&transports=websocket]
//
// Without `transports`, vue-socket.io makes the connection with the client in its own bundle.

const { searchParams } = new URL(location.href);
const server = searchParams.get('server');
const transports = searchParams.get('transports')?.split(',');

Vue.use(VueSocketio.default, transports ? io(server, { transports }) : server);

window.app = new Vue({
  el: '#app',
  data: { connects: 0, failures: 0, errors: [], draft: '', lines: [] },
  sockets: {
    connect() {
      this.connects += 1;
    },
    connect_error() {
      this.failures += 1;
    },
    error(error) {
      this.errors.push(error);
    },
    message(text) {
      this.lines.push(text);
    },
  },
  methods: {
    say() {
      this.$socket.emit('message', encodeURI(document.body.dataset.prefix + this.draft));
      this.draft = '';
    },
  },
  template: `
    <form @submit.prevent="say">
      <ul><li v-for="line in lines">{{ line }}</li></ul>
      <input v-model="draft">
      <button>发送</button>
    </form>`,
});
