// The words about files, in Chinese.

import type { FileWords } from './index';

export const zh: FileWords = {
  chosen: '待发送的文件',
  removeFile: name => `移除 ${name}`,
  dropHere: '拖到这里即可发送文件',
  dropNote: '拖到这里即可附到备注',
  uploading: name => `正在上传 ${name}`,
  cancel: '取消',
  download: '下载',
  downloadFile: name => `下载 ${name}`,
  enlarge: name => `放大查看 ${name}`,
  picture: name => `图片：${name}`,
  file: '文件',
  close: '关闭',
  gone: '无法加载此文件。',
  fetching: '正在加载文件…',
  largest: size => `最大 ${size}。`,
  problems: {
    file_empty: '文件是空的。',
    file_too_large: '文件太大。',
    file_type_refused: '不接受这种类型的文件。',
    file_incomplete: '发送时连接中断。',
    file_not_found: '等待时间过长，需要重新发送。',
    file_lost: '页面已重新加载，请重新选择文件。',
    too_many_files: '此会话的文件数量已达上限。',
    storage_full: '文件存储空间已满。',
    rate_limited: '文件发送过于频繁，请稍后再试。',
  },
};
